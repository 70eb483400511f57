import Foundation
import Glibc
import Logging
import Server
import Store
import SyncCore
import Wire

extension LocalNode {
  /// How many days a key is announced before it is used: a week, for offices that are seldom online.
  public static let announcedDays = 7

  private func checkIsHeadquarters(_ operation: String) throws {
    guard store.identity.role.isHeadquarters else {
      throw NodeError(.denied, operation, "only headquarters has a server", hint: "run it at headquarters")
    }
  }

  // MARK: At headquarters

  /// What answers the requests that headquarters' server receives.
  package func service(logger: Logger) throws -> any HeadquartersService {
    try Headquarters(store, logger: logger)
  }

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
    return try ServerFiles.find(database: keyPlace, settings, credentials: keys)
  }

  /// Where nodes reach the server and how they recognize it.
  ///
  /// - Parameters:
  ///   - url: the address; nil for where it listens.
  ///   - listen: where that is by the settings; nil for what `birlik init` was told.
  ///   - pin: a key to pin in addition to the authority's certificate.
  func serverPlace(
    url: String?, listen: String? = nil, _ settings: TLSSettings, pin: Digest? = nil, _ operation: String
  ) throws -> ServerPlace {
    let files = try serverFiles(settings)
    let scheme = files == nil ? "http://" : "https://"
    guard let address = try url ?? (listen ?? store.listen()).map({ scheme + $0 }) else {
      throw NodeError(
        .config, operation, "nobody said at which address nodes reach headquarters",
        hint: "give --url \(scheme)NAME:PORT, or set public_url in the settings; where all nodes are on this machine, "
          + "--url \(scheme)\(ServerPlace.usual) will do")
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
    // Announced keys count, wherever their files are.
    let announced = try store.serverKeys().filter { $0.state == .announced }.compactMap { key in
      Base64.decode(key.pin).flatMap { Digest(bytes: $0) }
    }
    let pins = [own.pin] + announced.filter { $0 != own.pin }.suffix(ServerTrust.maximumPins - 1)
    return ServerPlace(url: address, trust: try issued(pins, needsAuthority: false))
  }

  /// A trust that is issued now and replaces every earlier one.
  private func issued(_ pins: [Digest], needsAuthority: Bool) throws -> ServerTrust {
    let trust = try ServerTrust(pins: pins, needsAuthority: needsAuthority, issuedAt: laterThanBefore())
    try store.setServerTrust(trust)
    return trust
  }

  /// Now, or right after the last issue if that was made under a clock that was ahead.
  private func laterThanBefore() throws -> Int64 {
    let last = try store.serverTrust().issuedAt
    return max(SystemClock.now(), last == .max ? last : last + 1)
  }

  /// A line with which a node that missed a change finds headquarters' server again. It holds no secret.
  public func serverLine(url: String?, listen: String? = nil, tls: TLSSettings) throws -> String {
    let operation = "making the server's line"
    try checkIsHeadquarters(operation)
    // Where nobody ever said an address, nodes keep the one that they know.
    let isKnown = try url ?? listen ?? store.listen() != nil
    var place = try serverPlace(url: url, listen: isKnown ? listen : ServerPlace.usual, tls, operation)
    if !isKnown { place.url = "" }
    if place.trust == .authority { place.trust = try issued([], needsAuthority: true) }
    return try ServerCard.issue(url: place.url, trust: place.trust, by: store.identity.key).line
  }

  private static func foreign(_ operation: String) -> NodeError {
    NodeError(
      .usage, operation, "the server uses files that the settings name, or an authority's",
      hint:
        "replace those files: the server loads them by itself, or, if systemd provides them, when it is started again")
  }

  /// Makes the next key of the server and announces it in the log, so that nodes accept it before it is used.
  ///
  /// - Parameter hosts: names and addresses for its certificate.
  /// - Throws: `NodeError` with code `usage` if one is announced already, or this program did not make the server's key.
  public func announceServerKey(hosts: [String], tls: TLSSettings) throws -> ServerKeyChange {
    let operation = "changing the server's key"
    try checkIsHeadquarters(operation)
    guard try tls.certificate == nil && tls.key == nil && store.serverFiles() == nil else {
      throw Self.foreign(operation)
    }
    let own = try ServerFiles.renewable(database: keyPlace, keys: keys, operation)
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
    // A key that was made and not announced was left by a call that was interrupted.
    if !own.hasCertificate { try own.make(hosts: hosts) }
    guard try !own.trust().needsAuthority else { throw Self.foreign(operation) }
    guard next.exist || !next.hasCertificate else {
      throw NodeError(
        .usage, operation, "a change of the key was interrupted", hint: "`birlik rotate-tls --switch` finishes it")
    }
    if !next.hasCertificate { try next.make(hosts: hosts, asOwnerOf: own) }
    let (present, pin) = (try own.trust().pin.base64, try next.trust().pin.base64)
    guard !announced.contains(where: { $0.pin.sameBytes(as: pin) }) else {
      throw NodeError(
        .usage, operation, "a next key is announced already", hint: "`birlik rotate-tls --switch` starts using it")
    }
    let now = try laterThanBefore()
    // The present key is announced too, so that a reader of the log finds both.
    if !announced.contains(where: { $0.pin.sameBytes(as: present) && $0.state == .current }) {
      try store.announce(ServerKey(pin: present, state: .current, from: now))
    }
    let from = now &+ Int64(Self.announcedDays) * 86_400_000
    try store.announce(ServerKey(pin: pin, state: .announced, from: from))
    return ServerKeyChange(step: .announced, pin: pin, from: from)
  }

  /// Starts using the announced key. A running server shows it to the next connection.
  ///
  /// If it is interrupted, the next call finishes it.
  ///
  /// - Parameters:
  ///   - isEarly: true to do it before the time that was announced.
  ///   - ignoresUnaware: true to do it although, as far as headquarters knows, not all nodes know the key.
  /// - Throws: `NodeError` with code `usage` when none is announced, or not for long enough, and `busy` while there are
  ///   nodes that may not know it.
  public func switchServerKey(isEarly: Bool, ignoresUnaware: Bool = false) throws -> ServerKeyChange {
    let operation = "changing the server's key"
    try checkIsHeadquarters(operation)
    let own = try ServerFiles.renewable(database: keyPlace, keys: keys, operation)
    let next = own.next
    let known = try store.serverKeys()
    // The certificate is moved last. If it has been moved, only the announcement is left to do.
    let isMoved = !next.hasCertificate
    let pin = try (isMoved ? own : next).trust().pin.base64
    let isUnretired = isMoved && known.contains { $0.state == .current && !$0.pin.sameBytes(as: pin) }
    guard let announced = known.first(where: { $0.pin.sameBytes(as: pin) }),
      announced.state == .announced || announced.state == .current && isUnretired
    else {
      throw NodeError(.usage, operation, "no next key is announced", hint: "`birlik rotate-tls` makes one")
    }
    let reach = AnnouncementReach(try store.nodes(), saidAt: try store.saidAt(ofServerKey: pin) ?? .max)
    // A change that was begun is finished, whatever the time.
    if next.exist {
      guard announced.from <= SystemClock.now() || isEarly else {
        throw NodeError(
          .usage, operation, "the next key is announced for \(Moment(announced.from).iso)",
          hint: "nodes that have not synced since it was announced would not know it; give --now to do it all the same")
      }
      guard reach.unaware.isEmpty || ignoresUnaware else {
        throw try Self.unheard(reach, store.saidAt(ofServerKey: pin))
      }
    }
    if !isMoved { try next.move(over: own) }
    let now = try laterThanBefore()
    if announced.state != .current { try store.announce(ServerKey(pin: pin, state: .current, from: now)) }
    for key in known where key.state != .retired && !key.pin.sameBytes(as: pin) {
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

  /// Accepts headquarters' line about its server.
  ///
  /// - Throws: `WireError` if this node's headquarters did not sign it; `NodeError` with code `usage` if it is older than
  ///   what the node knows, and at headquarters.
  public func acceptServerLine(_ line: String) throws {
    let operation = "accepting the line of headquarters' server"
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(.usage, operation, "this node is headquarters", hint: "run it at the node that needs the line")
    }
    let card = try ServerCard(line: line, signedBy: store.identity.headquarters)
    if !card.url.isEmpty { try ServerPlace.check(card.url, speaksTLS: !card.trust.pins.isEmpty, operation) }
    guard try card.trust == store.serverTrust() || store.setServerTrust(card.trust, url: card.url) else {
      throw NodeError(
        .usage, operation, "the line is older than what this node knows",
        hint: "ask headquarters for a new one: `birlik pin`")
    }
  }

  /// How this node recognizes headquarters' server, in words.
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
