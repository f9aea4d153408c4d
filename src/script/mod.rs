//! rhai: custom checks and functions, sandboxed.
