//! The formatter: canonical spacing, every comment kept.
