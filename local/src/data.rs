//! The folder that keeps the product's data, and what form it is in.

use std::path::Path;

/// Grows when stored items change their form. Nothing converts old ones: on this machine they are for trying things.
const FORMAT: &str = "3";
const MARK: &str = "format";
const TABLE: &str = "table.sqlite";

/// Makes the folder, or finds it written by this version.
pub fn open(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    if !folder.join(TABLE).exists() {
        return std::fs::write(folder.join(MARK), FORMAT).map_err(failed);
    }
    // A version before this one left no mark.
    let found = std::fs::read_to_string(folder.join(MARK)).unwrap_or_else(|_| "1".to_owned());
    if found.trim() == FORMAT {
        return Ok(());
    }
    Err(format!(
        "{} was written by another version of this product (format {}; this one reads and writes format {FORMAT}). \
         Move it away, or name another folder with --data",
        folder.display(),
        found.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_another_version_is_refused_and_ones_own_is_not() {
        let folder = std::env::temp_dir().join(format!("imageflux-option-format-{}", std::process::id()));
        for _ in 0..2 {
            open(&folder).unwrap();
            std::fs::write(folder.join(TABLE), "").unwrap();
        }
        for mark in [None, Some("0")] {
            match mark {
                None => std::fs::remove_file(folder.join(MARK)).unwrap(),
                Some(mark) => std::fs::write(folder.join(MARK), mark).unwrap(),
            }
            let refused = open(&folder).unwrap_err();
            assert!(refused.contains("another version") && refused.contains("--data"), "{refused}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
