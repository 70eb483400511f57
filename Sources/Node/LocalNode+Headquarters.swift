import CatalogFiles
import Crypto
import Foundation
import Limits
import Server
import Store
import SyncCore
import Wire

extension LocalNode {
  /// Makes headquarters: its key, its card and its database. Keys that are there without a database are used: a call before
  /// may have been cut short, and no key is ever thrown away.
  ///
  /// - Parameters:
  ///   - name: what people call it, such as `OTUTS`.
  ///   - code: the code of its channels; nil derives it from the name.
  ///   - catalogFolder: the folder of the catalog's files; nil for those that the program contains.
  ///   - listen: the address that invitations name, such as `127.0.0.1:8650`; nil where nobody chose one, so that
  ///     invitations need an address of their own.
  ///   - tls: which files the server is to use; nil for plain HTTP, as for a server in this process.
  ///   - hosts: names and addresses for a certificate that is made.
  public static func initializeHeadquarters(
    database given: String, name: String, code: String?, catalogFolder: String?, listen: String?,
    tls: TLSSettings? = nil, hosts: [String] = []
  ) throws -> LocalNode {
    let code = code ?? Self.code(from: name)
    guard FederationCode.isValid(code) else {
      throw NodeError(
        .usage, "making headquarters", "'\(code)' is not a proper code",
        hint: "give one with --code: 1 to 32 of a-z, 0-9 and -, beginning with a letter")
    }
    let catalog = try catalogFolder.map { try CatalogFolder.load($0) } ?? CatalogFolder.shipped()
    let database = DatabasePath.resolved(given)
    guard !FileManager.default.fileExists(atPath: database) else {
      throw StoreError(
        .invalid, "making headquarters", "\(database) exists already",
        hint: "name another file, or move that one away first")
    }
    let file = KeyFile(beside: database)
    let found = file.exists ? try file.read() : nil
    let key = found ?? Curve25519.Signing.PrivateKey()
    let publicKey = Array(key.publicKey.rawRepresentation)
    let role = NodeRole(isHeadquarters: true, federation: code)
    let card = try NodeCard.issue(publicKey: publicKey, role: role, name: name, at: SystemClock.now(), by: key)
    let identity = Identity(key: key, card: card, headquarters: publicKey)
    var beginning = Store.Beginning(
      identity: identity, headquartersCard: card, catalog: try PublishedCatalog.sign(catalog, by: key), upstream: nil,
      offset: 0)
    beginning.listen = listen
    if let certificate = tls?.certificate, let key = tls?.key { beginning.serverFiles = (certificate, key) }
    let files = try tls.flatMap { try serverFiles(database: database, $0, hosts: hosts) }
    do {
      if found == nil { try file.write(key) }
      return try makeDatabase(database, beginning)
    } catch {
      files?.remove()
      if found == nil { file.remove() }
      throw error
    }
  }

  /// Checks the files that are named or that a call before left, or makes new ones.
  ///
  /// - Returns: the files that were made.
  private static func serverFiles(database: String, _ tls: TLSSettings, hosts: [String]) throws -> ServerFiles? {
    guard tls.isOn != false else { return nil }
    guard tls.certificate == nil, tls.key == nil else {
      _ = try ServerFiles.find(database: database, tls)?.load()
      return nil
    }
    let own = ServerFiles(beside: database)
    if own.exist, own.hasCertificate {
      _ = try own.load()
      return nil
    }
    let isNew = !own.exist
    try own.make(hosts: hosts)
    return isNew ? own : nil
  }

  private static func code(from name: String) -> String {
    var code: [UInt8] = []
    for byte in name.utf8 {
      switch byte {
      case 65...90: code.append(byte + 32)
      case 97...122, 48...57: code.append(byte)
      default: if code.last != UInt8(ascii: "-") { code.append(UInt8(ascii: "-")) }
      }
    }
    return String(decoding: code.prefix(FederationCode.maximumLength), as: UTF8.self)
  }

  /// Makes an invitation for one node of a federation.
  ///
  /// - Parameters:
  ///   - office: the name of an office, such as `Samarkand`; nil for the federation's own node.
  ///   - minutes: how many minutes it is valid.
  ///   - url: the address of headquarters; nil for the one where it listens.
  ///   - listen: where it listens by its settings; nil for what it was made with.
  ///   - tls: how its server speaks TLS, as the settings say.
  ///   - pin: a key to pin in addition to the authority's certificate.
  /// - Returns: the one line to hand over.
  public func invite(
    federation: String, office: String?, minutes: Int, url: String?, listen: String? = nil,
    tls: TLSSettings = TLSSettings(), pin: SyncCore.Digest? = nil
  ) throws -> String {
    let operation = "making an invitation"
    guard store.identity.role.isHeadquarters else {
      throw NodeError(.denied, operation, "only headquarters invites", hint: "ask headquarters for an invitation")
    }
    guard FederationCode.isValid(federation) else {
      throw NodeError(
        .usage, operation, "'\(federation)' is not a proper code",
        hint: "1 to 32 of a-z, 0-9 and -, beginning with a letter")
    }
    guard (1...InputLimits.invitationMinutes).contains(minutes) else {
      throw NodeError(
        .usage, operation, "it cannot be valid for \(minutes) minutes",
        hint: "give 1 to \(InputLimits.invitationMinutes)")
    }
    let place = try serverPlace(url: url, listen: listen, tls, pin: pin, operation)
    var generator = SystemRandomNumberGenerator()
    let token = (0..<Invitation.tokenBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let name = office.map { "\(federation)/\($0)" } ?? federation
    guard name.utf8.count <= WireLimits.nameBytes else {
      throw NodeError(.usage, operation, "the office's name is too long", hint: "give a shorter one")
    }
    try store.addInvitation(
      token: token, federation: federation, name: name, expiresAt: SystemClock.now() + Int64(minutes) * 60_000)
    return Invitation(
      url: place.url, trust: place.trust, headquarters: store.identity.headquarters, token: token,
      federation: federation, name: name
    ).line
  }
}
