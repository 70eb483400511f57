// How large, long, deep and numerous everything from outside may be, in one place. The page "Wire format" lists the
// limits that both sides of an exchange have to know.

/// Limits of the messages that nodes exchange. A message beyond one of these is refused as a whole, before it is held in
/// memory.
public enum WireLimits {
  /// Bytes of one exchange request or answer.
  public static let messageBytes = 8 << 20
  /// Bytes of one segment as it travels.
  public static let segmentBytes = 4 << 20
  /// Bytes of one segment's body when it is unpacked.
  public static let bodyBytes = 16 << 20
  /// Changes of one segment.
  public static let changesPerSegment = 65_536
  /// Entries of one context.
  public static let contextEntries = 16_384
  /// Entries of one frontier.
  public static let frontierEntries = 65_536
  /// Streams that one node may begin in one channel, under all its keys: every frontier lists all of them, and holds no
  /// more than `frontierEntries`. Headquarters enforces it.
  public static let streamsPerNode = 1024
  /// Segments of one message.
  public static let segmentsPerMessage = 8192
  /// Node cards of one message.
  public static let cardsPerMessage = 8192
  /// Bytes of one node card.
  public static let cardBytes = 1024
  /// Bytes of the reason for which a segment is refused.
  public static let reasonBytes = 1024
  /// Bytes of one receipt. A node stores many.
  public static let receiptBytes = 64 << 10
  /// Receipts of one file of evidence.
  public static let receiptsPerEvidence = 4096
  /// Columns of one kind within a segment.
  public static let columnsPerKind = 128
  /// Bytes of one cell or element.
  public static let cellBytes = 1 << 20
  /// Bytes of all keys and texts of one segment, each counted as often as it occurs: a small body that repeats a text
  /// can unpack to many.
  public static let contentBytes = 32 << 20
  /// Elements of sets in one segment.
  public static let elementsPerSegment = 1 << 20
  /// Bytes of one key, all its columns together.
  public static let keyBytes = 4096
  /// Columns of a key.
  public static let keyColumns = 4
  /// The largest id of a kind, a field or a register.
  public static let largestID = 65_535
  /// Bytes of a name: of a node, an office, a kind, a field.
  public static let nameBytes = 256
  /// Bytes of the address of headquarters' server.
  public static let addressBytes = 2048
  /// Letters of an invitation, or of the line of headquarters' server, after its prefix.
  public static let handedLetters = 4096
  /// Keys of headquarters' server that a node accepts at once: the present one, the next, and room for a mistake.
  public static let pins = 4
  /// Bytes of a catalog.
  public static let catalogBytes = 1 << 20
  /// Kinds, and observers, of a catalog; retired fields of a kind; names in a list.
  public static let catalogList = 4096
  /// Indicators, and derivations, of a catalog.
  public static let catalogFigures = 1024
  /// Codes of a field.
  public static let codesPerField = 65_536
  /// Conditions of a derivation or a measure, and sums of a derivation.
  public static let conditions = 64
  /// The largest version of a catalog.
  public static let catalogVersion = Int(Int32.max)
  /// Bytes of one snapshot's manifest.
  public static let manifestBytes = 4 << 20
  /// Pages of one snapshot.
  public static let snapshotPages = 16_384
  /// Bytes of one page of a snapshot as it travels.
  public static let pageBytes = 3 << 20
  /// Bytes of one page when it is unpacked.
  public static let pageContentBytes = 8 << 20
  /// Records of one snapshot that changed while it was made.
  public static let snapshotAmendments = 65_536
  /// Bytes of a header that belongs to a message's signature.
  public static let signatureHeaderBytes = 512
  /// Bytes of a path, and of a method, that a signature covers.
  public static let signaturePathBytes = 1024
  public static let signatureMethodBytes = 16
  /// Seconds by which a message's time may differ from its reader's clock.
  public static let clockToleranceSeconds: Int64 = 300
  /// The clocks that a node goes by, in milliseconds since 1970: up to the end of the year 9999.
  public static let clock: ClosedRange<Int64> = 0...253_402_300_799_999
  /// Bytes of an answer from which on headquarters holds it until the next request, so that a node whose line broke can
  /// ask for the rest.
  public static let resumedBytes = 16 << 10
  /// Refusals that the report of one sync lists.
  public static let refusalsPerReport = 200
}

/// What clients may ask of the server. Memory is bounded by about four times `bodyBytes` times
/// (`concurrentRequests` + `concurrentStrangers`): a message that is being read is held in several forms.
///
/// A request that is repeated within the time tolerance is not refused: every route is idempotent (segments by their
/// hashes, invitations by key), so a replay changes nothing and gets no more than the first answer.
public struct ServerLimits: Equatable, Sendable {
  /// Bytes of the body of an exchange.
  public var bodyBytes = WireLimits.messageBytes
  /// Bytes of the body of a request to join.
  public var joinBytes = 64 << 10
  /// Bytes of all headers together, and of each.
  public var headerBytes = 16 << 10
  public var headerCount = 64
  /// Connections at once. A new one beyond these closes the one that has been without a request for longest.
  public var connections = 256
  /// Connections beyond those while all of them are busy. Further ones wait in the system's queue.
  public var spareConnections = 64
  /// Connections from one address (or one IPv6 network of 64 bits). More are closed at once. This does not apply to
  /// connections from this machine: a proxy there forwards those of all clients, and has limits of its own.
  public var connectionsPerAddress = 32
  /// Requests from one address. Like the next, not for this machine.
  public var requestsPerAddress = RequestRate(burst: 2000, perMinute: 1200)
  /// Requests from one address whose sender is not verified before the body is read.
  public var strangersPerAddress = RequestRate(burst: 60, perMinute: 30)
  /// Requests of one verified node. A first sync at full speed needs about ten a second.
  public var requestsPerNode = RequestRate(burst: 3000, perMinute: 1200)
  /// Addresses, and nodes, whose rates are remembered.
  public var rememberedAskers = 4096
  /// Requests of verified nodes that are read and processed at once. More are answered with `busy`.
  public var concurrentRequests = 6
  /// Those of one node among them: a node sends one request at a time, and another when its connection broke. Without
  /// this limit one member could occupy all of them with slow requests.
  public var concurrentRequestsPerNode = 2
  /// The same for requests whose sender is not verified before the body is read: joining and unknown nodes. Counted
  /// separately, so that strangers cannot occupy the members' share.
  public var concurrentStrangers = 4
  /// Those of one address among them. Not for this machine.
  public var concurrentStrangersPerAddress = 2
  /// Seconds that an answer waits for a program that holds the database file, before it is `busy`.
  public static let fileSeconds = 20
  /// Bytes of messages, in all, that are held for nodes whose lines do not carry them whole.
  public var heldMessageBytes = 64 << 20
  /// From the head of a request to the end of its body, even when bytes keep coming.
  public var bodyTime: Duration = .seconds(120)
  /// From the head of a request to the end of its answer.
  public var requestTime: Duration = .seconds(300)
  /// From the beginning of a connection to the end of its TLS handshake.
  public var handshakeTime: Duration = .seconds(10)
  /// Without a complete head, or between requests.
  public var idleTime: Duration = .seconds(30)
  /// How long, and how many bytes, a client may still send after an answer that came before the end of its request.
  /// Without this it would get a reset connection instead of the answer.
  public var lingerTime: Duration = .seconds(2)
  public var lingerBytes = 1 << 20
  /// How long a client may take to close its side of a TLS connection.
  public static let tlsCloseSeconds: Int64 = 2
  /// Seconds by which a request's time may differ from the server's.
  public var clockToleranceSeconds = WireLimits.clockToleranceSeconds
  /// The `Retry-After` of a `busy` answer.
  public var retryAfterSeconds = 5

  public init() {}
}

/// How many requests one client may make.
public struct RequestRate: Equatable, Sendable {
  /// At once, after a pause.
  public var burst: Double
  /// In the long run.
  public var perMinute: Double

  public init(burst: Double, perMinute: Double) {
    self.burst = burst
    self.perMinute = perMinute
  }
}

/// What one transfer of a client may take. Beyond any of these it is stopped.
public struct TransferLimits: Equatable, Sendable {
  /// Bytes of the answer's body.
  public var responseBytes = WireLimits.messageBytes
  /// Bytes of the answer's headers, all together.
  public var headerBytes = 32 << 10
  /// Until the connection is made.
  public var connectTime: Duration = .seconds(15)
  /// From the beginning to the last byte.
  public var totalTime: Duration = .seconds(300)
  /// The transfer is stopped when fewer bytes per second than this move for `slowSeconds`. The time in which the server
  /// works on the answer counts as slow.
  public var slowBytesPerSecond = 50
  public var slowSeconds = 60

  public init() {}
}

/// What members may make headquarters' database store for them.
public enum StoreLimits {
  /// Findings of one sort that `birlik check` lists; the rest are counted.
  public static let findingsPerCode = 100
  /// Groups of keys that look alike, of one kind, that `birlik check` compares closely; a file with more has one cause for
  /// all.
  public static let lookAlikesCompared = 10_000
  /// What is told of what was typed: notes in all, different keys and references that are compared, keys with which they
  /// are, and rows that are read for it where no index helps. `birlik check` knows no such bounds.
  public static let entryNotes = 100
  public static let typedTexts = 200_000
  public static let keysComparedAtEntry = 1_000_000
  public static let rowsReadAtEntry = 100_000
  /// The largest file, in bytes, of which `birlik status` counts the findings itself: a look at each row of it takes a
  /// fraction of a second.
  public static let findingsCountedInBytes: Int64 = 8 << 20
  /// Segments that may wait for one that they build on, and their bytes: a member that never sends it must not fill the
  /// disk.
  public static let waitingSegments = 4096
  public static let waitingBytes = 512 << 20
  /// Those of one node among them, so that each member has room.
  public static let waitingSegmentsPerNode = 2048
  public static let waitingBytesPerNode = 64 << 20
  /// Edits of one node that may wait for headquarters' decision: one statement typed by a clerk can edit all records of
  /// others. A node stores the rest as refused edits, and reports them.
  public static let openProposalsPerNode = 4096
  /// Bytes of text of one record, all its fields together.
  public static let recordBytes = 256 << 10
  /// Captured edits that one pass of sealing reads into memory; and one whose transaction is to be short, so that sending
  /// can begin while the rest is sealed.
  public static let editsPerSealPass = 1 << 20
  public static let editsPerShortSealPass = 32_768
  /// Conflicts that one transaction decides, where one command decides many.
  public static let conflictsPerTransaction = 2000
  /// Records of one kind that one seal deletes or empties without asking a person; more wait only when they are also more
  /// than so much of the kind, in percent.
  public static let removalsWithoutPerson = 100
  public static let removalsWithoutPersonPercent = 10
  /// Records that are read from the log at once.
  public static let recordsPerFold = 16_384
}

/// What SQLite may do with a file that somebody else may have prepared; set on every connection before its schema is
/// read. High enough for whatever clerks build beside the kinds' tables.
public enum SQLiteLimits {
  /// Bytes of one value or row. The heads of one record may hold many large values.
  public static let valueBytes: Int32 = 256 << 20
  /// Bytes of one statement, those of the schema included.
  public static let statementBytes: Int32 = 1 << 20
  /// Columns of a table, an index, a result.
  public static let columns: Int32 = 2000
  /// How deep expressions may nest, and how many SELECTs one statement may combine.
  public static let expressionDepth: Int32 = 250
  public static let combinedSelects: Int32 = 100
  /// Operations of a compiled statement.
  public static let operations: Int32 = 1_000_000
  public static let functionArguments: Int32 = 100
  /// Databases beside the main one: one, in which the check folds the log again.
  public static let attached: Int32 = 1
  public static let patternBytes: Int32 = 4096
  public static let variables: Int32 = 1000
  /// How deep a clerk's triggers may call each other.
  public static let triggerDepth: Int32 = 50
  public static let workerThreads: Int32 = 0
}

/// What a catalog's files may hold.
public enum CatalogFileLimits {
  /// Bytes of one file. People write them; the shipped files have a tenth of this.
  public static let fileBytes = 1 << 20
  /// Files of a folder.
  public static let files = 256
  /// Bytes of one line: bounds how deeply it can nest.
  public static let lineBytes = 4096
  /// Parts of a dotted key.
  public static let keyParts = 12
  /// How deep arrays and tables may nest.
  public static let nesting = 24
  /// Findings that are reported of one catalog: a broken file could cause very many.
  public static let findings = 500
  /// The largest factor of a ratio.
  public static let factor: Int64 = 1_000_000
  /// The largest age, in years, in a condition of a derivation.
  public static let age: Int64 = 150
}

/// What a node's own people may write in settings, commands and other files.
public enum InputLimits {
  /// Seconds between two scheduled syncs: a week.
  public static let syncIntervalSeconds = 604_800
  /// Seconds that a command waits for a busy file or headquarters: a day.
  public static let waitingSeconds = 86_400
  /// Days of the log that a node keeps: a hundred years.
  public static let keptDays: Int64 = 36_500
  /// Bytes of the reason that a person gives for a decision.
  public static let reasonBytes = 1000
  /// Bytes of a text in which an invitation is looked for: a mail.
  public static let pastedBytes = 1 << 20
  /// Minutes for which an invitation is valid: a year.
  public static let invitationMinutes = 525_600
  /// Bytes of one record of a CSV file. A longer one most likely has a quote that is never closed.
  public static let csvRecordBytes = 1 << 22
  /// Bytes of a node's key file, and of a file with a certificate or a server's key.
  public static let keyFileBytes = 128
  public static let certificateFileBytes = 1 << 16
}
