mod brute;
mod differential;
mod engines;
mod random;
mod reference;
mod verify;
