import Glibc
import NIOCore

/// Where a connection comes from, as limits count clients: one IPv4 address, or one IPv6 network of 64 bits, which usually
/// belongs to a single customer.
struct PeerAddress: Hashable, Sendable {
  private let bytes: [UInt8]

  /// Nil for a client on this machine, which may be a proxy that forwards for many, and where there is no address.
  init?(_ address: SocketAddress?) {
    guard let text = address?.ipAddress else { return nil }
    self.init(text)
  }

  /// - Parameter text: an address such as `192.0.2.7` or `2001:db8::7`.
  init?(_ text: String) {
    let plain = String(text.prefix { $0 != "%" })
    var v4 = [UInt8](repeating: 0, count: 4)
    var v6 = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, plain, &v4) == 1 {
      bytes = v4
    } else if inet_pton(AF_INET6, plain, &v6) == 1 {
      let isMapped = v6.prefix(10).allSatisfy { $0 == 0 } && v6[10] == 0xFF && v6[11] == 0xFF
      guard v6 != [UInt8](repeating: 0, count: 15) + [1] else { return nil }
      bytes = isMapped ? Array(v6[12...]) : Array(v6.prefix(8))
    } else {
      return nil
    }
    if bytes.count == 4, bytes.first == 127 { return nil }
  }
}
