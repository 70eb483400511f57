import Foundation
import Server
import SyncCore
import Wire

/// Where nodes reach headquarters' server, and how they recognize it.
package struct ServerPlace {
  var url: String
  var trust: ServerTrust

  /// Where the server listens if nobody says anything else.
  package static let usual = "127.0.0.1:8650"

  /// Whether only this machine reaches an address.
  package static func isOnlyHere(_ url: String) -> Bool {
    (URL(string: url)?.host).map { ListenAddress.isLoopback(bare($0)) } ?? false
  }

  /// Whether other machines may reach a server by the address where it listens.
  package static func isForOthers(_ listen: String?) -> Bool {
    guard let listen, let host = URL(string: "https://" + listen)?.host else { return false }
    return !isUnspecified(host) && !ListenAddress.isLoopback(bare(host))
  }

  /// Whether an address stands for every address of its machine.
  private static func isUnspecified(_ host: String) -> Bool {
    ["0.0.0.0", "0", "::", "[::]"].contains { $0.sameBytes(as: host) }
  }

  /// An IPv6 address without its brackets.
  private static func bare(_ host: String) -> String {
    host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
  }

  /// Whether a name is one that documents use as an example (RFC 2606), which no machine has.
  package static func isExample(_ url: String) -> Bool {
    let labels = (URL(string: url)?.host ?? "").lowercased().split(separator: ".").suffix(2)
    guard let top = labels.last else { return false }
    return top == "example" || top == "invalid"
      || labels.count == 2 && labels.first == "example" && ["org", "com", "net"].contains(top)
  }

  /// Checks the address that nodes would use.
  ///
  /// - Throws: `NodeError` with code `usage` if it is no address, or one that nodes would refuse.
  static func check(_ url: String, speaksTLS: Bool, _ operation: String) throws {
    guard let parsed = URL(string: url), let host = parsed.host, !host.isEmpty,
      let scheme = parsed.scheme?.lowercased(), scheme == "http" || scheme == "https"
    else {
      throw NodeError(.usage, operation, "'\(url)' is no address", hint: "write https://NAME:PORT")
    }
    guard !isUnspecified(host) else {
      throw NodeError(
        .usage, operation, "nobody can connect to \(host): it only means every address of this machine",
        hint: "give --url https://NAME:PORT, or public_url in the settings")
    }
    guard !host.lowercased().sameBytes(as: "birlik.example.org") else {
      throw NodeError(
        .usage, operation, "\(url) is only the example of the settings file: no machine has that name",
        hint: "give --url https://NAME:PORT, or correct public_url in the settings")
    }
    guard scheme == "http" else { return }
    guard !speaksTLS else {
      throw NodeError(
        .usage, operation, "headquarters' server speaks TLS, and \(url) says it does not", hint: "write https://")
    }
    guard ListenAddress.isLoopback(bare(host)) else {
      throw NodeError(
        .usage, operation, "nodes refuse plain HTTP to another machine", hint: "give an address with https://")
    }
  }
}
