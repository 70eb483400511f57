import Glibc

/// Reports to systemd how the daemon is doing: the `sd_notify` protocol, one datagram to the socket named by
/// `NOTIFY_SOCKET`.
///
/// Outside systemd nothing is sent. A failure here never stops the daemon.
public struct ServiceNotifier: Sendable {
  /// How often `watchdog()` is to be called: half of the limit that systemd has set for this process, as systemd
  /// recommends. Nil where there is no limit.
  public let watchdogInterval: Duration?

  /// The socket's address in the kernel's form; nil outside systemd.
  private let address: [UInt8]?

  /// Longest status text that is sent, in UTF-8 bytes. `systemctl status` shows one line.
  static let statusLimit = 512

  /// Reads where to report (`NOTIFY_SOCKET`) and how often (`WATCHDOG_USEC`, `WATCHDOG_PID`).
  public init(environment: [String: String]) {
    address = environment["NOTIFY_SOCKET"].flatMap(Self.socketAddress)
    watchdogInterval = address == nil ? nil : Self.interval(environment)
  }

  /// The daemon is up and serves; ends systemd's "activating".
  public func ready() {
    send("READY=1")
  }

  /// One line for people, shown by `systemctl status`. It must hold no row values: it ends up in the journal.
  public func status(_ text: String) {
    // A line break would begin another assignment, so that a text could say STOPPING=1.
    var bytes = text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
    if bytes.count > Self.statusLimit {
      var end = Self.statusLimit
      // Back to the first byte of the character that the limit would cut.
      while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
      bytes.removeSubrange(end...)
    }
    send(Array("STATUS=".utf8) + bytes)
  }

  /// The daemon is alive. To be called from where its real work is done, so that a hang shows.
  public func watchdog() {
    send("WATCHDOG=1")
  }

  /// The daemon begins to shut down.
  public func stopping() {
    send("STOPPING=1")
  }

  // MARK: - The protocol

  private func send(_ message: String) {
    send(Array(message.utf8))
  }

  private func send(_ message: [UInt8]) {
    guard let address else { return }
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    // The manager's queue may be full for a moment: wait, but at most a second.
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    address.withUnsafeBytes { raw in
      guard let start = raw.baseAddress else { return }
      let name = start.assumingMemoryBound(to: sockaddr.self)
      // A signal may interrupt the wait; three attempts are enough.
      for _ in 0..<3 {
        let sent = sendto(
          socket, message, message.count, Int32(MSG_NOSIGNAL), name, socklen_t(raw.count))
        if sent >= 0 || errno != EINTR { return }
      }
    }
  }

  /// The bytes of a `sockaddr_un` of exactly the length that the name needs: abstract names count every byte.
  private static func socketAddress(_ name: String) -> [UInt8]? {
    var path = Array(name.utf8)
    switch path.first {
    case UInt8(ascii: "@"): path[0] = 0
    case UInt8(ascii: "/"): path.append(0)
    default: return nil
    }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
    guard path.count > 1, path.count <= MemoryLayout<sockaddr_un>.size - offset else { return nil }
    return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
  }

  private static func interval(_ environment: [String: String]) -> Duration? {
    // The limit of another process, such as the shell that started this one.
    if let pid = environment["WATCHDOG_PID"], pid != String(getpid()) { return nil }
    guard let limit = environment["WATCHDOG_USEC"].flatMap(Int64.init), limit > 1 else { return nil }
    return .microseconds(limit / 2)
  }
}
