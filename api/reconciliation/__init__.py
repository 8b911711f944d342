"""The reconcile desk."""
