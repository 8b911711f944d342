"""The made-up centre, office and month that `suanquan demo` plays."""
