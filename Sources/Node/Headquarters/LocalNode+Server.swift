import Foundation
import Glibc
import Server
import Store
import SyncCore
import Wire

/// Where nodes reach headquarters' server, and by what they know it.
struct ServerPlace {
  var url: String
  var trust: ServerTrust

  /// Reads an address that nodes would go to.
  ///
  /// - Throws: `NodeError` with code `usage` for one that is no address, or that they would refuse.
  static func check(_ url: String, speaksTLS: Bool, _ operation: String) throws {
    guard let parsed = URL(string: url), let host = parsed.host, !host.isEmpty,
      let scheme = parsed.scheme?.lowercased(), scheme == "http" || scheme == "https"
    else {
      throw NodeError(.usage, operation, "'\(url)' is no address", hint: "write https://NAME:PORT")
    }
    guard !["0.0.0.0", "::", "[::]"].contains(where: { $0.sameBytes(as: host) }) else {
      throw NodeError(
        .usage, operation, "nobody can connect to \(host), which only means every address of this machine",
        hint: "give --url https://NAME:PORT, or public_url in the settings")
    }
    guard scheme == "http" else { return }
    guard !speaksTLS else {
      throw NodeError(
        .usage, operation, "headquarters' server speaks TLS, and \(url) says it does not", hint: "write https://")
    }
    let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    guard ListenAddress.isLoopback(bare) else {
      throw NodeError(
        .usage, operation, "nodes refuse plain HTTP to another machine", hint: "give an address with https://")
    }
  }
}

/// What became of a change of the server's key.
public struct ServerKeyChange: Sendable, Equatable {
  public enum Step: String, Sendable {
    /// There was none: it is in use at once.
    case made
    /// It is announced; nodes that sync from now on accept it.
    case announced
    /// The announced one is in use, and the one before is not accepted any more.
    case switched
  }

  public var step: Step
  /// The base64 of the SHA-256 of the new public key.
  public var pin: String
  /// From when on it is to be used, in milliseconds since 1970.
  public var from: Int64
  /// The nodes that may not know it, by name: they need the line of `birlik pin`.
  public var unaware: [String] = []
}

extension LocalNode {
  /// How long a key is announced before it is used, unless told otherwise: a week for offices that are seldom online.
  public static let announcedDays = 7

  private func ofHeadquarters(_ operation: String) throws {
    guard store.identity.role.isHeadquarters else {
      throw NodeError(.denied, operation, "only headquarters has a server", hint: "run it at headquarters")
    }
  }

  // MARK: At headquarters

  /// The pin that a text names: `sha256//` and base64 of 32 bytes, or a file with a certificate in PEM.
  public static func pin(of text: String) throws -> Digest {
    let prefix = "sha256//"
    if text.hasPrefix(prefix) {
      guard let pin = Base64.decode(String(text.dropFirst(prefix.count))).flatMap({ Digest(bytes: $0) }) else {
        throw NodeError(.usage, "reading a pin", "'\(text)' is no pin", hint: "write sha256// and 44 letters of base64")
      }
      return pin
    }
    return try ServerFiles(certificate: text, key: SecretFile("")).trust().pin
  }

  /// The files with which the server proves who it is; nil where it speaks plain HTTP.
  func serverFiles(_ settings: TLSSettings) throws -> ServerFiles? {
    var settings = settings
    if settings.certificate == nil, settings.key == nil, let files = try store.serverFiles() {
      (settings.certificate, settings.key) = (files.certificate, files.key)
    }
    return try ServerFiles.find(database: store.path, settings, credentials: keys)
  }

  /// Where nodes reach the server and by what they know it.
  ///
  /// - Parameters:
  ///   - url: the address; nil for where it listens.
  ///   - pin: a key to pin beside the authority that vouches for it.
  func serverPlace(url: String?, _ settings: TLSSettings, pin: Digest? = nil, _ operation: String) throws -> ServerPlace
  {
    let files = try serverFiles(settings)
    guard let address = try url ?? store.listen().map({ (files == nil ? "http://" : "https://") + $0 }) else {
      throw NodeError(.config, operation, "nobody knows where headquarters listens", hint: "give --url")
    }
    try ServerPlace.check(address, speaksTLS: files != nil, operation)
    guard let own = try files?.trust(), !own.needsAuthority else {
      guard let pin else { return ServerPlace(url: address, trust: .authority) }
      guard address.lowercased().hasPrefix("https:") else {
        throw NodeError(.usage, operation, "without TLS there is no key to pin", hint: "leave out --pin")
      }
      return ServerPlace(url: address, trust: try issued([pin], needsAuthority: true))
    }
    guard pin == nil else {
      throw NodeError(.usage, operation, "headquarters' own key is always pinned", hint: "leave out --pin")
    }
    // Those that are announced, wherever their files are.
    let announced = try store.serverKeys().filter { $0.state == .announced }.compactMap { key in
      Base64.decode(key.pin).flatMap { Digest(bytes: $0) }
    }
    let pins = [own.pin] + announced.filter { $0 != own.pin }.suffix(ServerTrust.maximumPins - 1)
    return ServerPlace(url: address, trust: try issued(pins, needsAuthority: false))
  }

  /// What is said now, so that it counts before what was said earlier.
  private func issued(_ pins: [Digest], needsAuthority: Bool) throws -> ServerTrust {
    let trust = try ServerTrust(pins: pins, needsAuthority: needsAuthority, issuedAt: laterThanBefore())
    try store.setServerTrust(trust)
    return trust
  }

  /// Now, or right after what was last said if that was under a clock that went ahead.
  private func laterThanBefore() throws -> Int64 {
    let last = try store.serverTrust().issuedAt
    return max(SystemClock.now(), last == .max ? last : last + 1)
  }

  /// A line with which a node that missed a change finds headquarters' server again. It holds no secret.
  public func serverLine(url: String?, tls: TLSSettings) throws -> String {
    let operation = "telling how the server is known"
    try ofHeadquarters(operation)
    var place = try serverPlace(url: url, tls, operation)
    if place.trust == .authority { place.trust = try issued([], needsAuthority: true) }
    return try ServerCard.issue(url: place.url, trust: place.trust, by: store.identity.key).line
  }

  private static func foreign(_ operation: String) -> NodeError {
    NodeError(
      .usage, operation, "the server uses files that were named to it, or an authority's",
      hint: "put new ones in their place: the server takes them by itself, or, from systemd, when it is started again")
  }

  /// Makes the next key of the server and announces it in the log, so that nodes accept it before it is used.
  ///
  /// - Parameter hosts: names and addresses for its certificate.
  /// - Throws: `NodeError` with code `usage` when one is announced already, or the server's key is none of ours.
  public func announceServerKey(hosts: [String], tls: TLSSettings) throws -> ServerKeyChange {
    let operation = "changing the server's key"
    try ofHeadquarters(operation)
    guard try tls.certificate == nil && tls.key == nil && store.serverFiles() == nil else {
      throw Self.foreign(operation)
    }
    let own = try ServerFiles.renewable(database: store.path, keys: keys, operation)
    let next = own.next
    let announced = try store.serverKeys()
    guard own.exist else {
      guard !own.hasCertificate else {
        throw NodeError(
          .usage, operation, "\(own.key.name) is kept elsewhere",
          hint: "name the folder with --keys, or put it back beside its certificate meanwhile")
      }
      try own.make(hosts: hosts)
      let pin = try own.trust().pin.base64
      let now = try laterThanBefore()
      try store.announce(ServerKey(pin: pin, state: .current, from: now))
      return ServerKeyChange(step: .made, pin: pin, from: now)
    }
    // What was made and not announced is left by a call that was cut.
    if !own.hasCertificate { try own.make(hosts: hosts) }
    guard try !own.trust().needsAuthority else { throw Self.foreign(operation) }
    guard next.exist || !next.hasCertificate else {
      throw NodeError(
        .usage, operation, "a change of the key was cut off", hint: "`birlik rotate-tls --switch` finishes it")
    }
    if !next.hasCertificate { try next.make(hosts: hosts, asOwnerOf: own) }
    let (present, pin) = (try own.trust().pin.base64, try next.trust().pin.base64)
    guard !announced.contains(where: { $0.pin.sameBytes(as: pin) }) else {
      throw NodeError(
        .usage, operation, "a next key is announced already", hint: "`birlik rotate-tls --switch` puts it to use")
    }
    let now = try laterThanBefore()
    // Said of the present one too: then whoever reads the log finds both.
    if !announced.contains(where: { $0.pin.sameBytes(as: present) && $0.state == .current }) {
      try store.announce(ServerKey(pin: present, state: .current, from: now))
    }
    let from = now &+ Int64(Self.announcedDays) * 86_400_000
    try store.announce(ServerKey(pin: pin, state: .announced, from: from))
    return ServerKeyChange(step: .announced, pin: pin, from: from)
  }

  /// Puts the announced key to use. A server that runs shows it to the next connection.
  ///
  /// Cut at any place, it is finished by calling it again.
  ///
  /// - Parameters:
  ///   - isEarly: true to do it before the time that was announced.
  ///   - evenUnheard: true to do it although not all nodes have heard of it, as far as headquarters knows.
  /// - Throws: `NodeError` with code `usage` when none is announced, or not for long enough, and `busy` while there are
  ///   nodes that have not heard of it.
  public func switchServerKey(isEarly: Bool, evenUnheard: Bool = false) throws -> ServerKeyChange {
    let operation = "changing the server's key"
    try ofHeadquarters(operation)
    let own = try ServerFiles.renewable(database: store.path, keys: keys, operation)
    let next = own.next
    let said = try store.serverKeys()
    // The certificate is moved last: without it, what is left to do is to say so.
    let isMoved = !next.hasCertificate
    let pin = try (isMoved ? own : next).trust().pin.base64
    let isUnretired = isMoved && said.contains { $0.state == .current && !$0.pin.sameBytes(as: pin) }
    guard let announced = said.first(where: { $0.pin.sameBytes(as: pin) }),
      announced.state == .announced || announced.state == .current && isUnretired
    else {
      throw NodeError(.usage, operation, "no next key is announced", hint: "`birlik rotate-tls` makes one")
    }
    let reach = AnnouncementReach(try store.nodes(), saidAt: try store.saidAt(ofServerKey: pin) ?? .max)
    // What was begun is finished, whatever the time.
    if next.exist {
      guard announced.from <= SystemClock.now() || isEarly else {
        throw NodeError(
          .usage, operation, "the next key is announced for \(Moment(announced.from).iso)",
          hint: "nodes that have not synced since it was announced would not know it; give --now to do it all the same")
      }
      guard reach.unaware.isEmpty || evenUnheard else { throw try Self.unheard(reach, store.saidAt(ofServerKey: pin)) }
    }
    if !isMoved { try next.move(over: own) }
    let now = try laterThanBefore()
    if announced.state != .current { try store.announce(ServerKey(pin: pin, state: .current, from: now)) }
    for key in said where key.state != .retired && !key.pin.sameBytes(as: pin) {
      try store.announce(ServerKey(pin: key.pin, state: .retired, from: now))
    }
    return ServerKeyChange(step: .switched, pin: pin, from: now, unaware: reach.unaware.map(\.name))
  }

  private static func unheard(_ reach: AnnouncementReach, _ saidAt: Int64?) -> NodeError {
    let since = saidAt.map { " on " + Moment($0).words } ?? ""
    return NodeError(
      .busy, "changing the server's key",
      "\(reach.amount) to the end since the next key was announced\(since), and would not find headquarters: "
        + reach.names,
      hint: "let them sync, revoke those that are gone, or give --anyway and send them the line of `birlik pin`")
  }

  // MARK: At the others

  /// Takes headquarters' line on its server.
  ///
  /// - Throws: `WireError` for what this node's headquarters did not sign; `NodeError` with code `usage` for a line that
  ///   is older than what the node knows, and at headquarters.
  public func takeServerLine(_ line: String) throws {
    let operation = "taking the line of headquarters' server"
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(.usage, operation, "this node is headquarters", hint: "run it where the line was asked for")
    }
    let card = try ServerCard(line: line, signedBy: store.identity.headquarters)
    if !card.url.isEmpty { try ServerPlace.check(card.url, speaksTLS: !card.trust.pins.isEmpty, operation) }
    guard try card.trust == store.serverTrust() || store.setServerTrust(card.trust, url: card.url) else {
      throw NodeError(
        .usage, operation, "the line is older than what this node knows",
        hint: "ask headquarters for a new one: `birlik pin`")
    }
  }

  /// By what this node knows headquarters' server, in words.
  public func serverWords() throws -> [String] {
    let trust = try store.serverTrust()
    return trust.pins.map { "sha256//\($0.base64)" }
      + (trust.needsAuthority ? ["an authority that this machine trusts vouches for its certificate"] : [])
  }
}

extension Digest {
  /// As libcurl writes pins.
  var base64: String { Base64.encode(bytes) }
}
