//! Keys on disk when memory is short: files without a name, readable by nobody else, gone with the
//! process. They hold mixed keys, fingerprints, row ordinals and, where a stream can be read only
//! once, the bytes of wide keys; never rows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::{Code, Error, Result};

/// Where keys may be spilled, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spill {
    /// An existing folder; nothing in it is touched, and nothing stays.
    pub folder: PathBuf,
    /// Most bytes on disk for one run.
    pub quota_bytes: u64,
}

/// The spill folder of a run: its files share one quota.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    left: AtomicU64,
}

impl Disk {
    /// Nothing is made there before keys have to go.
    pub fn new(spill: &Spill) -> Self {
        let left = AtomicU64::new(spill.quota_bytes);
        Self(Arc::new(Shared { folder: spill.folder.clone(), left }))
    }

    fn take(&self, bytes: u64) -> Result<()> {
        let less = |left: u64| left.checked_sub(bytes);
        let taken = self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(|_| ()).map_err(|_| {
            Error::new(Code::Spill, "keys outgrow the quota of the spill folder")
                .help("raise limits.spill_bytes or limits.memory_bytes")
        })
    }
}

/// One file of a run, made when the first bytes come. Threads may write and read it at once.
#[derive(Debug)]
pub(crate) struct SpillFile {
    disk: Disk,
    file: OnceLock<File>,
    making: Mutex<()>,
    end: AtomicU64,
}

fn failed(what: &str, error: &io::Error) -> Error {
    // The kind says enough; the system's text may name paths.
    Error::new(Code::Spill, format!("keys cannot be {what} the spill folder ({:?})", error.kind()))
        .help("free space there, name another folder, or raise limits.memory_bytes")
}

impl SpillFile {
    pub(crate) fn new(disk: &Disk) -> Self {
        let (file, making, end) = (OnceLock::new(), Mutex::new(()), AtomicU64::new(0));
        Self { disk: disk.clone(), file, making, end }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    /// Appends bytes and says where they begin.
    ///
    /// # Errors
    /// [`Code::Spill`] if the folder refuses, the disk is full or the quota is used up.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<u64> {
        self.disk.take(bytes.len() as u64)?;
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let written = self.file().and_then(|file| write_at(file, bytes, offset));
        written.map_err(|error| failed("written to", &error))?;
        Ok(offset)
    }

    fn file(&self) -> io::Result<&File> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = unnamed(&self.disk.0.folder)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// [`Code::Spill`] if not all of them come back.
    pub(crate) fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>> {
        let file = self.file.get().ok_or_else(|| Error::internal("nothing was spilled"))?;
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
fn unnamed(folder: &std::path::Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

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
fn unnamed(folder: &std::path::Path) -> io::Result<File> {
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

    fn file(folder: &std::path::Path, quota_bytes: u64) -> SpillFile {
        SpillFile::new(&Disk::new(&Spill { folder: folder.to_owned(), quota_bytes }))
    }

    #[test]
    fn what_was_written_is_read_and_no_name_is_left() {
        let folder = folder("read");
        let file = file(&folder, 1000);
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
            let mode = file.file.get().unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn threads_write_side_by_side() {
        let file = file(&std::env::temp_dir(), 1 << 20);
        std::thread::scope(|scope| {
            for byte in 0..8u8 {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..50 {
                        let offset = file.write(&[byte; 100]).unwrap();
                        assert_eq!(file.read(offset, 100).unwrap(), [byte; 100]);
                    }
                });
            }
        });
        assert_eq!(file.written(), 8 * 50 * 100);
    }

    #[test]
    fn quota_missing_folder_short_read_and_full_disk_are_errors() {
        let folder = folder("errors");
        let disk = Disk::new(&Spill { folder: folder.clone(), quota_bytes: 15 });
        let (mut one, two) = (SpillFile::new(&disk), SpillFile::new(&disk));
        one.write(b"0123456789").unwrap();
        assert_eq!(two.write(b"012345").unwrap_err().code, Code::Spill, "the quota is shared");
        two.write(b"01234").unwrap();
        assert_eq!(one.read(5, 6).unwrap_err().code, Code::Spill, "not all comes back");
        let error = file(&folder.join("absent"), 10).write(b"0").unwrap_err();
        assert_eq!(error.code, Code::Spill);
        assert!(!error.message.contains("absent"));
        let full = OpenOptions::new().read(true).write(true).open("/dev/full");
        if let Ok(full) = full {
            one = file(&folder, 1000);
            one.file.set(full).unwrap();
            assert_eq!(one.write(b"no room").unwrap_err().code, Code::Spill);
        }
        std::fs::remove_dir(folder).unwrap();
    }
}
