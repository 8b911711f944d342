"""Pure rules of metering: no database, no clock."""
