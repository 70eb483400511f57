import SyncCore
import Wire

/// By what headquarters' server is known: at headquarters what it last said, elsewhere what the node goes by.
extension Store {
  /// What was last said; an authority where nothing was.
  public func serverTrust() throws -> ServerTrust { try read { try ServerTrust(in: $0.meta) } }

  /// Stores `said`, unless it is older than what is stored.
  ///
  /// - Parameter url: where the server is reached from now on; empty for where it was.
  /// - Returns: whether it was noted.
  @discardableResult
  public func setServerTrust(_ said: ServerTrust, url: String = "") throws -> Bool {
    try write { transaction in
      guard try said.issuedAt > ServerTrust(in: transaction.meta).issuedAt else { return false }
      try transaction.meta.set(.serverTrust, blob: said.bytes)
      if !url.isEmpty { try transaction.meta.set(.upstream, .text(url)) }
      return true
    }
  }

  /// Follows what headquarters says in the log of its server's keys: accepts what it announced, and no more what it
  /// retired. A node that goes by an authority alone does not need to.
  ///
  /// - Returns: whether anything changed.
  @discardableResult
  public func followServerKeys() throws -> Bool {
    let keys = try serverKeys()
    return try write { transaction in
      let known = try ServerTrust(in: transaction.meta)
      guard let followed = try known.following(keys), followed != known else { return false }
      try transaction.meta.set(.serverTrust, blob: followed.bytes)
      return true
    }
  }

  /// The files with which headquarters' server proves who it is, where `birlik init` was told of other ones.
  public func serverFiles() throws -> (certificate: String, key: String)? {
    try read { transaction in
      guard let certificate = try transaction.meta.text(.tlsCertificate),
        let key = try transaction.meta.text(.tlsKey)
      else { return nil }
      return (certificate, key)
    }
  }

  public func setServerFiles(certificate: String, key: String) throws {
    try write { transaction in
      try transaction.meta.set(.tlsCertificate, .text(certificate))
      try transaction.meta.set(.tlsKey, .text(key))
    }
  }
}

extension ServerTrust {
  /// What headquarters last said; an authority where it said nothing.
  init(in meta: MetaTable) throws {
    let bytes = try meta.bytes(.serverTrust) ?? []
    self = bytes.isEmpty ? .authority : try ServerTrust(bytes: bytes)
  }

  /// Only what was said later than this counts: a headquarters that was restored may have gone back to a key that it had
  /// retired, and then its line, or an invitation, says so.
  ///
  /// - Returns: nil when there is nothing to follow, or nothing would be left: then the node keeps what it knows.
  func following(_ keys: [ServerKey]) throws -> ServerTrust? {
    guard !pins.isEmpty else { return nil }
    // The latest first, so that they are among those for which there is room.
    let said: [(pin: Digest, isUsed: Bool)] = keys.reversed().compactMap { key in
      guard key.from > issuedAt else { return nil }
      return Base64.decode(key.pin).flatMap { Digest(bytes: $0) }.map { ($0, key.state != .retired) }
    }
    let used = said.filter(\.isUsed).map(\.pin)
    let retired = Set(said.filter { !$0.isUsed }.map(\.pin))
    let all = used + pins.filter { !retired.contains($0) && !used.contains($0) }
    guard !all.isEmpty else { return nil }
    return try ServerTrust(
      pins: Array(all.prefix(Self.maximumPins)), needsAuthority: needsAuthority, issuedAt: issuedAt)
  }
}
