//! Password hashes: Argon2id with OWASP's minimum parameters, as PHC strings.
//!
//! <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>

use std::num::NonZero;
use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret, SecretSlice};
use tokio::sync::Semaphore;

use crate::domain::password::Password;
use crate::platform::random::Random;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How much work a hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Today's parameters, off the async threads.
    Full,
    /// Next to nothing, on the spot: for simulations of many users, never for production.
    Trifling,
}

impl Cost {
    /// The recipe with a salt, which is 16 random bytes in base64.
    #[must_use]
    pub fn recipe(self, salt: &str) -> Recipe {
        match self {
            Self::Full => Recipe::new(MEMORY_KIB, PASSES, LANES, salt),
            Self::Trifling => Recipe::new(8, 1, 1, salt),
        }
    }

    /// The PHC string of a password. `None` only for a broken recipe.
    pub async fn hash(self, password: &Password, recipe: Recipe) -> Option<String> {
        match self {
            Self::Full => hash(password, recipe).await,
            Self::Trifling => recipe.apply(password.expose(), &mut Vec::new()),
        }
    }
}

/// How to hash: algorithm, parameters and salt, i.e. a PHC string without its last part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipe(String);

impl Recipe {
    fn new(memory_kib: u32, passes: u32, lanes: u32, salt: &str) -> Self {
        Self(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}"))
    }

    /// The recipe by which a PHC string was made.
    #[must_use]
    pub fn of(phc: &str) -> Self {
        Self(phc.rsplit_once('$').map_or(phc, |(recipe, _)| recipe).to_owned())
    }

    #[must_use]
    pub fn salt(&self) -> &str {
        self.0.rsplit_once('$').map_or("", |(_, salt)| salt)
    }

    fn apply(&self, password: &[u8], blocks: &mut Vec<Block>) -> Option<String> {
        let mut parts = self.0.split('$').skip(1);
        let (algorithm, version, parameters, salt) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = parameters.split(',').map(|parameter| parameter.split_once('=')?.1.parse().ok());
        let params = Params::new(numbers.next()??, numbers.next()??, numbers.next()??, None).ok()?;
        let algorithm = Algorithm::new(algorithm).ok()?;
        let version = Version::try_from(version.strip_prefix("v=")?.parse::<u32>().ok()?).ok()?;
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
        blocks.resize(params.block_count(), Block::new());
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, &salt, &mut hash, blocks)
            .ok()?;
        Some(format!("{}${}", self.0, STANDARD_NO_PAD.encode(hash)))
    }
}

#[must_use]
pub fn new_salt(random: &Random) -> String {
    STANDARD_NO_PAD.encode(random.bytes::<16>())
}

/// One for each processor: more at once would be no faster, and each pass holds 19 MiB.
static PASSES_AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)));

/// The memory of passes that are over, for those to come: an allocator keeps what each thread gave back, once for each.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Worked out off the async threads.
async fn hash(password: &Password, recipe: Recipe) -> Option<String> {
    // Held until the pass is over, also when nobody waits for it any more.
    let turn = PASSES_AT_ONCE.acquire().await.ok()?;
    let bytes = SecretSlice::from(password.expose().to_vec());
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let memory = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocks = memory().pop().unwrap_or_default();
        let phc = recipe.apply(bytes.expose_secret(), &mut blocks);
        memory().push(blocks);
        phc
    })
    .await
    .ok()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn a_recipe_makes_the_same_hash_again_and_only_from_the_same_password() {
        let password = Password::parse("Password123").unwrap();
        let phc = hash(&password, Cost::Full.recipe(&new_salt(&Random::from_seed(1)))).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(hash(&password, Recipe::of(&phc)).await.as_ref(), Some(&phc));
        let other = Password::parse("Password124").unwrap();
        assert_ne!(hash(&other, Recipe::of(&phc)).await.unwrap(), phc);
    }

    #[tokio::test]
    async fn many_passes_use_the_memory_of_few() {
        let password = Password::parse("Password123").unwrap();
        let recipe = Cost::Full.recipe("c29tZXNhbHRzb21lc2FsdA");
        let passes = (0..16).map(|_| hash(&password, recipe.clone()));
        let phcs: BTreeSet<_> = futures_util::future::join_all(passes).await.into_iter().collect();
        assert_eq!(phcs.len(), 1);
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        assert!((1..=processors).contains(&MEMORY.lock().unwrap().len()));
    }

    #[tokio::test]
    async fn a_hash_with_older_parameters_is_still_understood() {
        let password = Password::parse("Password123").unwrap();
        let old = Recipe("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA".to_owned());
        let phc = hash(&password, old).await.unwrap();
        assert_eq!(hash(&password, Recipe::of(&phc)).await, Some(phc));
    }
}
