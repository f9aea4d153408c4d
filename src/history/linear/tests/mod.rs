mod brute;
mod differential;
mod engines;
mod limits;
mod random;
mod reference;
mod verify;
