//! The handshake: PQXDH, which is X3DH with an ML-KEM encapsulation beside its Diffie-Hellmans.
//!
//! ```text
//!   Alice (initiates)                                   Bob (published a bundle)
//!   identity  IK_A ---- DH1 --------------------------- weekly prekey   SPK_B
//!   ephemeral EK_A ---- DH2 --------------------------- identity        IK_B
//!             EK_A ---- DH3 --------------------------- weekly prekey   SPK_B
//!             EK_A ---- DH4 (unless last resort) ------ one-time prekey OPK_B
//!             KEM ciphertext -------------------------> one-time KEM    PQPK_B
//! ```
//!
//! `bundle` is what Bob publishes, `agreement` what both compute, `initiate` and `respond` the two sides.

pub(crate) mod agreement;
pub(crate) mod bundle;
pub(crate) mod initiate;
pub(crate) mod respond;
