//! How the parts are put together, in five short chapters. There is no code here, only examples.
//!
//! 1. [Conversations](conversations): prekeys, sessions, what to store when, and what each failure means
//! 2. [Groups](groups): sender keys, who gets them, when they change
//! 3. [Files and profiles](files): what is too large, or too lasting, for a message
//! 4. [Trust](trust): account keys, device lists, the number that people compare, and messages from nobody in particular
//! 5. [Devices](devices): to link another one, and to come back after the last one is lost
//!
//! Each chapter says what is the caller's part: this crate has no clock, no disk and no network, so it cannot see to that itself.

pub mod conversations;
pub mod devices;
pub mod files;
pub mod groups;
pub mod trust;
