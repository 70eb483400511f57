import Foundation
import SyncCore

/// Waits for other programs that hold the database file.
///
/// A transaction that another program kept out is rolled back, so that readers come in, and tried again after a pause.
enum FileWaiting {
  /// Runs `body` until no other program holds the file, or the time is over.
  ///
  /// - Parameter isRepeatable: whether `body` may run again.
  static func run<Value>(
    _ time: Duration, while isRepeatable: () -> Bool = { true }, _ body: () throws -> Value
  ) throws -> Value {
    var retrying = Retrying(bound: time / .seconds(1))
    let begin = ContinuousClock.now
    while true {
      do { return try body() } catch let error as StoreError where error.isLock {
        let elapsed = (ContinuousClock.now - begin) / .seconds(1)
        guard isRepeatable(), let pause = retrying.pause(elapsed: elapsed, random: Double.random(in: 0...1)) else {
          throw error
        }
        Thread.sleep(forTimeInterval: pause)
      }
    }
  }
}

extension Store {
  /// Opens a node's database, and waits for other programs that hold it.
  ///
  /// - Parameter waiting: how long this and each later call waits.
  public static func opened(
    path: String, key: Identity.Key, isForReading: Bool = false, waiting: Duration
  ) throws -> Store {
    try FileWaiting.run(waiting) { try Store(path: path, key: key, isForReading: isForReading, waiting: waiting) }
  }
}
