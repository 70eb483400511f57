import GRDBSQLite
import Glibc

/// How long SQLite itself waits for a lock, and how often it looks.
///
/// SQLite's own handler soon sleeps a tenth of a second between two looks, in which a clerk's program that writes all the
/// time begins its next transaction again and again. This one looks more often, and not at the same moments as others.
enum LockWaiting {
  /// While a transaction begins or reads: it keeps nobody out.
  static let usual = Store.busySeconds
  /// While a transaction is committed: whoever wants to begin reading waits meanwhile.
  static let committing = 1.0

  /// Sets how many seconds a connection waits from now on.
  static func set(_ seconds: Double, on handle: OpaquePointer?) {
    let milliseconds = UnsafeMutableRawPointer(bitPattern: max(1, Int(seconds * 1000)))
    sqlite3_busy_handler(
      handle,
      { limit, attempts in
        guard LockWaiting.waited(before: Int(attempts)) < Int(bitPattern: limit) else { return 0 }
        let mean = LockWaiting.pause(Int(attempts))
        usleep(UInt32(Int.random(in: mean * 500...mean * 1500)))
        return 1
      }, milliseconds)
  }

  /// The pause after so many looks, in milliseconds, on average.
  private static func pause(_ attempts: Int) -> Int { min(2 * (attempts + 1), longest) }

  /// All pauses before a look, in milliseconds, on average.
  private static func waited(before attempts: Int) -> Int {
    let growing = min(attempts, longest / 2)
    return growing * (growing + 1) + (attempts - growing) * longest
  }

  private static let longest = 20
}
