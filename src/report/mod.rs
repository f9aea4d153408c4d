//! Reporters: they see events only.
