import Glibc

/// Where a server listens.
public enum ListenAddress {
  /// Whether only this machine reaches a server there. Names other than `localhost` are not resolved: they may mean
  /// another address tomorrow.
  public static func isLoopback(_ host: String) -> Bool {
    if host.utf8.elementsEqual("localhost".utf8, by: { $0 | 32 == $1 }) { return true }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, host, &bytes) == 1 { return bytes[0] == 127 }
    guard inet_pton(AF_INET6, host, &bytes) == 1 else { return false }
    return bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  /// Whether it means all addresses of this machine, so that nobody reaches the server by it.
  public static func isWildcard(_ host: String) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16)
    let isAddress = inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
    return isAddress && bytes.allSatisfy { $0 == 0 }
  }

  /// `host:port`, with an IPv6 address in brackets.
  public static func text(host: String, port: Int) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
