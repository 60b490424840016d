//! Keys on disk when memory is short: a file without a name, readable by nobody else, gone with
//! the process. It holds mixed keys and row ordinals, never rows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// Where keys may be spilled, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spill {
    /// An existing folder; nothing in it is touched, and nothing stays.
    pub folder: PathBuf,
    /// Most bytes on disk for one check.
    pub quota_bytes: u64,
}

/// The file of one check. It is made when the first bytes come.
#[derive(Debug)]
pub(crate) struct SpillFile {
    folder: PathBuf,
    quota: u64,
    file: Option<File>,
    written: u64,
}

fn failed(what: &str, error: &io::Error) -> Error {
    // The kind says enough; the system's text may name paths.
    Error::new(Code::Spill, format!("keys cannot be {what} the spill folder ({:?})", error.kind()))
        .help("free space there, name another folder, or raise limits.memory_bytes")
}

impl SpillFile {
    pub(crate) fn new(folder: &Path, quota: u64) -> Self {
        Self { folder: folder.to_owned(), quota, file: None, written: 0 }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Appends bytes and says where they begin.
    ///
    /// # Errors
    /// [`Code::Spill`] if the folder refuses, the disk is full or the quota is used up.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<u64> {
        let end = self.written.checked_add(bytes.len() as u64).filter(|end| *end <= self.quota);
        let end = end.ok_or_else(|| {
            Error::new(Code::Spill, "keys outgrow the quota of the spill folder")
                .help("raise the quota or limits.memory_bytes")
        })?;
        let file = match self.file.take() {
            Some(file) => file,
            None => unnamed(&self.folder).map_err(|error| failed("written to", &error))?,
        };
        let written = write_at(&file, bytes, self.written);
        self.file = Some(file);
        written.map_err(|error| failed("written to", &error))?;
        Ok(std::mem::replace(&mut self.written, end))
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// [`Code::Spill`] if not all of them come back.
    pub(crate) fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>> {
        let file = self.file.as_ref().ok_or_else(|| Error::internal("nothing was spilled"))?;
        let mut buffer = vec![0; bytes];
        read_at(file, &mut buffer, offset).map_err(|error| failed("read back from", &error))?;
        Ok(buffer)
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// A file that no name leads to, with mode 0600.
#[cfg(unix)]
fn unnamed(folder: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    use std::sync::atomic::{AtomicU64, Ordering};

    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    #[cfg(target_os = "linux")]
    if let Ok(file) = options.clone().custom_flags(libc::O_TMPFILE).open(folder) {
        return Ok(file);
    }
    // File systems without such files: the name lives for an instant.
    options.create_new(true);
    let mut tries = 0;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".meshgate-spill-{number}"));
        match options.open(&path) {
            Ok(file) => return std::fs::remove_file(&path).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 1000 => {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn unnamed(folder: &Path) -> io::Result<File> {
    let _ = OpenOptions::new().read(true).open(folder)?;
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("mg-spill-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn what_was_written_is_read_and_no_name_is_left() {
        let folder = folder("read");
        let mut file = SpillFile::new(&folder, 1000);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(file.write(b"first").unwrap(), 0);
        assert_eq!(file.write(b"second").unwrap(), 5);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "the file has no name");
        assert_eq!(file.read(5, 6).unwrap(), b"second");
        assert_eq!(file.read(0, 5).unwrap(), b"first");
        assert_eq!(file.written(), 11);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.file.as_ref().unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn quota_missing_folder_short_read_and_full_disk_are_errors() {
        let folder = folder("errors");
        let mut file = SpillFile::new(&folder, 10);
        file.write(b"0123456789").unwrap();
        assert_eq!(file.write(b"0").unwrap_err().code, Code::Spill);
        assert_eq!(file.read(5, 6).unwrap_err().code, Code::Spill, "not all comes back");
        let error = SpillFile::new(&folder.join("absent"), 10).write(b"0").unwrap_err();
        assert_eq!(error.code, Code::Spill);
        assert!(!error.message.contains("absent"));
        let full = OpenOptions::new().read(true).write(true).open("/dev/full");
        if let Ok(full) = full {
            file.file = Some(full);
            file.quota = 1000;
            assert_eq!(file.write(b"no room").unwrap_err().code, Code::Spill);
        }
        std::fs::remove_dir(folder).unwrap();
    }
}
