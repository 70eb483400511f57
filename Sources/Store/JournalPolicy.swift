/// Which journal the file gets.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a file in WAL mode that two or more connections share (fixed in 3.51.3, 3.50.7 and
/// 3.44.6; https://sqlite.org/wal.html). Debian 12 ships 3.40.1 and clerks bring their own, so WAL is for a fixed library
/// that has the file for itself.
public enum JournalPolicy {
  /// - Parameters:
  ///   - version: as `sqlite3_libversion_number()` gives it, such as 3040001.
  ///   - isAlone: whether the daemon alone opens the file.
  public static func allowsWriteAheadLog(version: Int, isAlone: Bool) -> Bool {
    isAlone
      && (version >= 3_051_003 || (3_050_007..<3_051_000).contains(version)
        || (3_044_006..<3_045_000).contains(version))
  }
}
