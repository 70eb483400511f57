import Glibc
import TestSupport

/// A connection to this machine that sends what a test wants, and closes with the object.
final class HostileSocket: Sendable {
  private let descriptor: Int32

  /// Nil when nobody takes the connection.
  init?(port: Int) {
    // A full queue must not hold the test up.
    guard let descriptor = Loopback.connect(port, silence: 5) else { return nil }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// As many open files as the system lets this process have.
  static func allowMany() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, 20_000)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  func send(_ text: String) -> Bool { Loopback.send(text.utf8, to: descriptor) }

  /// Sends a text, ends its side, and reads until the other side closes or is silent for a while.
  func exchange(_ text: String) -> String {
    _ = send(text)
    shutdown(descriptor, Int32(SHUT_WR))
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while received.count < 1 << 20, case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
      received += buffer.prefix(count)
    }
    return String(decoding: received, as: UTF8.self)
  }
}
