import Foundation
import Server
import SyncCore
import Wire

/// Where nodes reach headquarters' server, and how they recognize it.
struct ServerPlace {
  var url: String
  var trust: ServerTrust

  /// Checks the address that nodes would use.
  ///
  /// - Throws: `NodeError` with code `usage` if it is no address, or one that nodes would refuse.
  static func check(_ url: String, speaksTLS: Bool, _ operation: String) throws {
    guard let parsed = URL(string: url), let host = parsed.host, !host.isEmpty,
      let scheme = parsed.scheme?.lowercased(), scheme == "http" || scheme == "https"
    else {
      throw NodeError(.usage, operation, "'\(url)' is no address", hint: "write https://NAME:PORT")
    }
    guard !["0.0.0.0", "::", "[::]"].contains(where: { $0.sameBytes(as: host) }) else {
      throw NodeError(
        .usage, operation, "nobody can connect to \(host): it only means every address of this machine",
        hint: "give --url https://NAME:PORT, or public_url in the settings")
    }
    guard scheme == "http" else { return }
    guard !speaksTLS else {
      throw NodeError(
        .usage, operation, "headquarters' server speaks TLS, and \(url) says it does not", hint: "write https://")
    }
    let plain = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    guard ListenAddress.isLoopback(plain) else {
      throw NodeError(
        .usage, operation, "nodes refuse plain HTTP to another machine", hint: "give an address with https://")
    }
  }
}
