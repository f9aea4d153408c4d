mod brute;
mod differential;
mod random;
mod reference;
mod verify;
