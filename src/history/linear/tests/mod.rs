mod brute;
mod differential;
mod engines;
mod limits;
pub(super) mod random;
mod reference;
mod verify;
