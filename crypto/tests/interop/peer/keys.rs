//! Keys, device lists and bundles.

use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use waxwing_crypto::{
    AccountKey, AccountPublicKey, Bundle, DeviceEntry, DeviceList, DevicePublic, DeviceSecrets,
    OneTimePrekey, Ours, WeeklyPrekey,
};

use crate::request::{Outcome, Request, Trouble};

pub(crate) fn account(rng: &mut ChaCha20Rng) -> Outcome {
    let key = AccountKey::generate(rng);
    Ok(
        json!({ "seed": hex::encode(key.to_bytes().expose()), "public": hex::encode(key.public().to_bytes()) }),
    )
}

pub(crate) fn device(rng: &mut ChaCha20Rng) -> Outcome {
    let secrets = DeviceSecrets::generate(rng);
    Ok(json!({ "secrets": hex::encode(secrets.to_bytes().expose()) }))
}

pub(crate) fn device_public(request: &Request) -> Outcome {
    Ok(public(&secrets_of(request)?.public()))
}

fn public(keys: &DevicePublic) -> Value {
    json!({ "signing": hex::encode(keys.signing_bytes()), "agreement": hex::encode(keys.agreement_bytes()) })
}

pub(crate) fn secrets_of(request: &Request) -> Result<DeviceSecrets, Trouble> {
    Ok(DeviceSecrets::from_bytes(&request.array("secrets")?))
}

pub(crate) fn public_of(request: &Request) -> Result<DevicePublic, Trouble> {
    DevicePublic::parse(request.array("signing")?, request.array("agreement")?).map_err(Trouble::refused)
}

pub(crate) fn sign_device_list(request: &Request) -> Outcome {
    let (account, key) = (request.array("account")?, AccountKey::from_bytes(&request.array("seed")?));
    let previous = match request.has("previous") {
        true => Some(
            DeviceList::verify(&request.bytes("previous")?, account, &key.public())
                .map_err(Trouble::refused)?,
        ),
        false => None,
    };
    let entry = |entry: &Request| Ok(DeviceEntry { device: entry.array("device")?, keys: public_of(entry)? });
    let devices = request.objects("devices")?.iter().map(entry).collect::<Result<_, Trouble>>()?;
    let list = DeviceList::sign(account, &key, previous.as_ref(), devices).map_err(Trouble::refused)?;
    Ok(json!({ "list": hex::encode(list.as_bytes()) }))
}

/// Verifies a list and, if there is a `known` one, that it may replace it.
pub(crate) fn verify_device_list(request: &Request) -> Outcome {
    let account = request.array("account")?;
    let key = AccountPublicKey::parse(request.array("key")?).map_err(Trouble::refused)?;
    let verify = |name| DeviceList::verify(&request.bytes(name)?, account, &key).map_err(Trouble::refused);
    let list = verify("list")?;
    if request.has("known") {
        list.check_successor_of(&verify("known")?).map_err(Trouble::refused)?;
    }
    let devices: Vec<Value> = list.devices().iter().map(|entry| json!(hex::encode(entry.device))).collect();
    Ok(json!({ "version": list.version(), "devices": devices }))
}

pub(crate) fn weekly(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let weekly = WeeklyPrekey::generate(request.number("id")?, rng);
    Ok(json!({ "weekly": hex::encode(weekly.to_bytes()) }))
}

pub(crate) fn one_time(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let id = request.number("id")?;
    let one_time = match request.flag("last_resort")? {
        true => OneTimePrekey::generate_last_resort(id, rng),
        false => OneTimePrekey::generate(id, rng),
    };
    Ok(json!({ "one_time": hex::encode(one_time.to_bytes()) }))
}

pub(crate) fn prekeys_of(request: &Request) -> Result<(WeeklyPrekey, OneTimePrekey), Trouble> {
    let weekly = WeeklyPrekey::from_bytes(&request.bytes("weekly")?).map_err(Trouble::refused)?;
    let one_time = OneTimePrekey::from_bytes(&request.bytes("one_time")?).map_err(Trouble::refused)?;
    Ok((weekly, one_time))
}

pub(crate) fn bundle(request: &Request) -> Outcome {
    let (secrets, (weekly, one_time)) = (secrets_of(request)?, prekeys_of(request)?);
    let ours = Ours { address: request.address()?, secrets: &secrets };
    Ok(json!({ "bundle": hex::encode(one_time.bundle(&ours, &weekly)) }))
}

pub(crate) fn verify_bundle(request: &Request) -> Outcome {
    bundle_of(request, &request.object("theirs")?)?;
    Ok(json!({}))
}

pub(crate) fn bundle_of(request: &Request, theirs: &Request) -> Result<Bundle, Trouble> {
    let bytes = request.bytes("bundle")?;
    Bundle::verify(&bytes, &theirs.address()?, &public_of(theirs)?).map_err(Trouble::refused)
}
