import CatalogFiles
import Crypto
import Foundation
import Limits
import Server
import Store
import SyncCore
import Transport
import Wire

/// One installation on this machine: its store and its identity.
///
/// ```swift
/// let node = try LocalNode.open(database: "uz.db")
/// let report = try await node.sync { _ in }
/// report.outcome    // .even
/// ```
public struct LocalNode: Sendable {
  public let store: Store
  /// Where keys are before those beside the database.
  let keys: CredentialFolder
  /// How much of the log is kept here; applied after every sync.
  public var keepLog = KeepLog.all
  /// Whether this node begins from a snapshot while it is new.
  public var snapshotUse = SnapshotUse.whereShorter
  /// How large an answer with pages of a snapshot may be, in bytes.
  var snapshotAnswerBytes = WireLimits.messageBytes

  init(store: Store, keys: CredentialFolder = .current) {
    self.store = store
    self.keys = keys
  }

  var keyFile: KeyFile { KeyFile.find(beside: store.path, keys: keys) }

  /// Where the node's key is, in words that name no folder but the database's.
  public var keyWords: String { keyFile.file.name }

  /// Opens a node by its database and its key: the one that systemd hands over, else the one beside the database.
  ///
  /// - Parameters:
  ///   - isForReading: true to leave the file as it is to the last byte.
  ///   - keys: the folder from which systemd takes the keys that it hands over, to renew them there.
  /// - Throws: `StoreError`, or `NodeError` with code `config` for a missing or unfit key file.
  public static func open(database: String, isForReading: Bool = false, keys: String? = nil) throws -> LocalNode {
    guard FileManager.default.fileExists(atPath: database) else {
      throw StoreError(
        .missing, "opening the database", "there is no database \(database)",
        hint: "make one with `birlik init` or `birlik join`, or check --database")
    }
    let keys = try keys.map(CredentialFolder.named) ?? .current
    let file = KeyFile.find(beside: database, keys: keys)
    guard !keys.isNamed || file.exists || file.file.place == .named else {
      throw KeyFile.missing("opening the node")
    }
    // A file of another program is told as such before a key file is missed.
    let key = (try? file.read()) ?? Curve25519.Signing.PrivateKey()
    do {
      return LocalNode(store: try Store(path: database, key: key, isForReading: isForReading), keys: keys)
    } catch var mismatch as StoreError where mismatch.code == .wrongKey {
      for other in try file.others() {
        do {
          let store = try Store(path: database, key: other, isForReading: isForReading)
          // Renewed, and cut off before the file got its name; or a backup of before, whose key this is.
          try file.complete(other)
          return LocalNode(store: store, keys: keys)
        } catch let error as StoreError where error.code == .wrongKey {
          continue
        }
      }
      _ = try file.read()
      if file.file.place == .handedOver {
        mismatch.detail = "the key that systemd hands over belongs to another node"
        mismatch.hint =
          "after a renewal that was cut off, or with a database from before one: "
          + "`birlik rotate-key --keys FOLDER`, the folder that LoadCredential= reads"
      }
      throw mismatch
    }
  }

  /// Makes headquarters: its key, its own card, its database.
  ///
  /// - Parameters:
  ///   - name: what people call it, such as `OTUTS`.
  ///   - code: the code of its channels; nil derives it from the name.
  ///   - catalogFolder: where the catalog's files are; nil looks where they are installed.
  ///   - listen: the address that invitations name, such as `127.0.0.1:8650`.
  ///   - tls: whose files the server is to use; nil for a server in this process that speaks plain HTTP.
  ///   - hosts: names and addresses for a certificate that is made.
  public static func initializeHeadquarters(
    database: String, name: String, code: String?, catalogFolder: String?, listen: String, tls: TLSSettings? = nil,
    hosts: [String] = []
  ) throws -> LocalNode {
    let code = code ?? Self.code(from: name)
    guard FederationCode.isValid(code) else {
      throw NodeError(
        .usage, "making headquarters", "'\(code)' is not a proper code",
        hint: "give one with --code: 1 to 32 of a-z, 0-9 and -, beginning with a letter")
    }
    let folder = try catalogFolder ?? CatalogPlace.find()
    let catalog = try CatalogFolder.load(folder)
    let key = Curve25519.Signing.PrivateKey()
    let publicKey = Array(key.publicKey.rawRepresentation)
    let role = NodeRole(isHeadquarters: true, federation: code)
    let card = try NodeCard.issue(publicKey: publicKey, role: role, name: name, at: SystemClock.now(), by: key)
    let identity = Identity(key: key, card: card, headquarters: publicKey)
    let beginning = Store.Beginning(
      identity: identity, headquartersCard: card, catalog: try PublishedCatalog.sign(catalog, by: key), upstream: nil,
      offset: 0)
    let files = try tls.flatMap { try serverFiles(database: database, $0, hosts: hosts) }
    do {
      let node = try make(database: database, beginning)
      try node.store.setListen(listen)
      if let tls, let certificate = tls.certificate, let key = tls.key {
        try node.store.setServerFiles(certificate: certificate, key: key)
      }
      return node
    } catch {
      files?.remove()
      throw error
    }
  }

  /// Tries the files that are named, or makes new ones.
  ///
  /// - Returns: those that were made.
  private static func serverFiles(database: String, _ tls: TLSSettings, hosts: [String]) throws -> ServerFiles? {
    guard tls.isOn != false else { return nil }
    guard tls.certificate == nil, tls.key == nil else {
      _ = try ServerFiles.find(database: database, tls)?.load()
      return nil
    }
    let own = ServerFiles(beside: database)
    try own.make(hosts: hosts)
    return own
  }

  /// Makes the database and its key file, or neither.
  private static func make(database: String, _ beginning: Store.Beginning) throws -> LocalNode {
    let file = KeyFile(beside: database)
    try file.write(beginning.identity.key)
    do {
      return try makeDatabase(database, beginning)
    } catch {
      file.remove()
      throw error
    }
  }

  private static func makeDatabase(_ database: String, _ beginning: Store.Beginning) throws -> LocalNode {
    try Store.create(path: database, beginning)
    return LocalNode(store: try Store(path: database, key: beginning.identity.key))
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

  // MARK: Joining

  /// Makes an invitation for one node of a federation.
  ///
  /// - Parameters:
  ///   - office: what to call an office of it, such as `Samarkand`; nil for the federation's own node.
  ///   - minutes: how long it is valid.
  ///   - url: where headquarters is reached; nil for where it listens.
  ///   - tls: how its server speaks TLS, as the settings say.
  ///   - pin: a key to pin beside the authority that vouches for the server.
  /// - Returns: the one line to hand over.
  public func invite(
    federation: String, office: String?, minutes: Int, url: String?, tls: TLSSettings = TLSSettings(),
    pin: SyncCore.Digest? = nil
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
    let place = try serverPlace(url: url, tls, pin: pin, operation)
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

  /// Joins headquarters with an invitation: makes a key and a database with the catalog.
  ///
  /// What the node may see comes with its first sync. The key is written before headquarters is asked: if the answer is
  /// lost, the same call goes on with the same key, for which headquarters answers a second time.
  public static func join(invitation line: String, database: String) async throws -> LocalNode {
    let invitation = try Invitation(line: line)
    let operation = "joining headquarters"
    guard !FileManager.default.fileExists(atPath: database) else {
      throw StoreError(
        .invalid, operation, "\(database) exists already", hint: "name another file, or move that one away first")
    }
    let file = KeyFile(beside: database)
    let isNew = !file.exists
    let key = isNew ? Curve25519.Signing.PrivateKey() : try KeyFile.find(beside: database).read()
    if isNew { try file.write(key) }
    do {
      return try await join(invitation, as: key, database: database, operation)
    } catch {
      if isNew, wasRefused(error) { file.remove() }
      throw error
    }
  }

  /// Whether headquarters certainly does not know the new key.
  private static func wasRefused(_ error: any Error) -> Bool {
    if let error = error as? NodeError { return error.code == .denied }
    guard let error = error as? TransportError else { return false }
    return [.unreachable, .refusedInsecure, .tls, .wrongKey, .invalidRequest].contains(error.code)
  }

  private static func join(
    _ invitation: Invitation, as key: Curve25519.Signing.PrivateKey, database: String, _ operation: String
  ) async throws -> LocalNode {
    let publicKey = Array(key.publicKey.rawRepresentation)
    let client = HeadquartersClient(
      url: invitation.url, trust: invitation.trust, headquarters: invitation.headquarters, signer: nil)
    let before = SystemClock.now()
    let body: [UInt8]
    do {
      body = try await client.post("/v1/join", JoinRequest(token: invitation.token, publicKey: publicKey).bytes)
    } catch var error as TransportError where error.code == .wrongKey {
      error.message = "Headquarters' server shows another key than the invitation names, so nothing was sent."
      error.hint = "Ask headquarters for a new invitation; if headquarters changed nothing, somebody is in between."
      throw error
    }
    let after = SystemClock.now()
    let answer = try JoinAnswer(bytes: body)
    let card = try NodeCard(bytes: answer.card, signedBy: invitation.headquarters)
    guard card.publicKey == publicKey else {
      throw NodeError(.data, operation, "headquarters answered for another node", hint: "ask for a new invitation")
    }
    var beginning = Store.Beginning(
      identity: Identity(key: key, card: card, headquarters: invitation.headquarters),
      headquartersCard: try NodeCard(bytes: answer.headquartersCard, signedBy: invitation.headquarters),
      catalog: try PublishedCatalog(bytes: answer.catalog, signedBy: invitation.headquarters),
      upstream: invitation.url, offset: answer.now &- (before / 2 &+ after / 2))
    beginning.trust = invitation.trust
    return try await offload { [beginning] in try makeDatabase(database, beginning) }
  }
}

/// Where the catalog's files are when nobody says.
enum CatalogPlace {
  static func find() throws -> String {
    let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "birlik").resolvingSymlinksInPath()
    let beside = program.deletingLastPathComponent().deletingLastPathComponent()
    let places = ["Config/catalog", beside.path + "/share/birlik/catalog", "/usr/share/birlik/catalog"]
    for place in places where FileManager.default.fileExists(atPath: place + "/catalog.toml") { return place }
    throw NodeError(
      .config, "looking for the catalog", "no catalog was found", hint: "name its folder with --catalog")
  }
}
