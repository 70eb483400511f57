import Glibc
import Synchronization

/// Sockets of this machine.
public enum Loopback {
  /// The address of a port of 127.0.0.1; 0 for any that is free.
  public static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A new TCP socket.
  private static func open() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestProblem("no socket: \(errno)") }
    return descriptor
  }

  /// Listens on a free port. Whoever asks closes the socket.
  public static func listen() throws -> (descriptor: Int32, port: Int) {
    let descriptor = try open()
    var address = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 64) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isListening else {
      close(descriptor)
      throw TestProblem("no port is free")
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Connects to a port; nil when nobody accepts. Whoever asks closes the socket.
  ///
  /// - Parameter silence: how many seconds the connection waits for the other side; 0 for as long as it takes.
  public static func connect(_ port: Int, silence: Int = 0) -> Int32? {
    guard let descriptor = try? open() else { return nil }
    if silence > 0 {
      var time = timeval(tv_sec: silence, tv_usec: 0)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
      }
    }
    var address = address(port)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isConnected { return descriptor }
    close(descriptor)
    return nil
  }

  /// Whether somebody accepts connections on a port.
  public static func isListening(_ port: Int) -> Bool {
    guard let descriptor = connect(port) else { return false }
    close(descriptor)
    return true
  }

  /// Sends all of `bytes`; false when the other side is gone.
  public static func send(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Bool {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Ports that this process was given already.
  private static let given = Mutex<Set<Int>>([])

  /// A port on which nobody listens, below those that the system hands out for connections: a server can come back to it.
  public static func freePort() throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 15_000..<32_000)
      guard given.withLock({ $0.insert(port).inserted }) else { continue }
      let descriptor = try open()
      defer { close(descriptor) }
      var address = address(port)
      let isFree = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if isFree { return port }
    }
    throw TestProblem("no port is free")
  }
}
