//! scn
