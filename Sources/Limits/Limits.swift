// The limits of everything that comes from outside, in one place: what may be large, long, deep or many, and how much.
// The page "Wire format" lists those that both sides of an exchange have to know.

/// The largest of everything that is read from outside. A message beyond one of these is refused as a whole, before
/// it is held in memory. Nothing of the format nests: what one length may hold is named by another.
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
  /// Streams that one node may begin in one channel, under all its keys: everybody shows and reads all of them, and a
  /// frontier holds no more than `frontierEntries`. Headquarters holds to it.
  public static let streamsPerNode = 1024
  /// Segments of one message.
  public static let segmentsPerMessage = 8192
  /// Node cards of one message.
  public static let cardsPerMessage = 8192
  /// Bytes of one receipt: a node keeps many.
  public static let receiptBytes = 64 << 10
  /// Receipts of one file for comparing.
  public static let receiptsPerEvidence = 4096
  /// Columns of one kind within a segment.
  public static let columnsPerKind = 128
  /// Bytes of one cell or element.
  public static let cellBytes = 1 << 20
  /// Bytes of all keys and texts of one segment, each counted as often as it occurs: what a reader may have to hold
  /// of a body that packs repetitions into nothing.
  public static let contentBytes = 32 << 20
  /// Elements of sets that one segment names.
  public static let elementsPerSegment = 1 << 20
  /// Bytes of one key, all its columns together.
  public static let keyBytes = 4096
  /// Columns of a key.
  public static let keyColumns = 4
  /// Bytes of a name: of a node, an office, a kind, a field.
  public static let nameBytes = 256
  /// Bytes of a catalog.
  public static let catalogBytes = 1 << 20
  /// Bytes of one snapshot's manifest.
  public static let manifestBytes = 4 << 20
  /// The greatest number of a kind, a field or a register.
  public static let largestID = 65_535
  /// Pages of one snapshot.
  public static let snapshotPages = 16_384
  /// Bytes of one page of a snapshot as it travels.
  public static let pageBytes = 3 << 20
  /// Bytes of one page when it is unpacked.
  public static let pageContentBytes = 8 << 20
  /// Records of one snapshot that changed while it was taken.
  public static let snapshotAmendments = 65_536
  /// Bytes of the components that a signature of a message names, and of the path among them.
  public static let signatureHeaderBytes = 512
  public static let signaturePathBytes = 1024
  /// Seconds by which a message's time may differ from that of whoever reads it.
  public static let clockToleranceSeconds: Int64 = 300
}

/// What the outside may ask of the server. Memory is bounded by about `bodyBytes` times
/// (`concurrentRequests` + `concurrentStrangers`), four times over while a message is taken apart.
///
/// A request that is repeated within the time tolerance is not refused: every route is idempotent (segments by their
/// hashes, invitations by key), so a replay changes nothing and tells nothing that its first answer did not.
public struct ServerLimits: Equatable, Sendable {
  /// Bytes of the body of an exchange.
  public var bodyBytes = WireLimits.messageBytes
  /// Bytes of the body of a request to join.
  public var joinBytes = 64 << 10
  /// Bytes of all headers together, and of each.
  public var headerBytes = 16 << 10
  public var headerCount = 64
  /// Connections at once; for another one, that which waits longest without a request is closed.
  public var connections = 256
  /// Connections beyond those while none of them can be closed; more wait in the system's queue.
  public var spareConnections = 64
  /// Connections from one address (or one IPv6 network of 64 bits); more are closed at once. Callers on this machine
  /// are not told apart: a proxy there speaks for all, and has limits of its own.
  public var connectionsPerAddress = 32
  /// Requests from one address before anything of them is looked at, and those of them whose sender is not verified
  /// before the body is read. Not for callers on this machine, as above.
  public var requestsPerAddress = RequestRate(burst: 2000, perMinute: 1200)
  public var strangersPerAddress = RequestRate(burst: 60, perMinute: 30)
  /// Requests of one verified node. A first sync at full speed needs about ten a second.
  public var requestsPerNode = RequestRate(burst: 3000, perMinute: 1200)
  /// Addresses, and nodes, that are remembered for these.
  public var rememberedAskers = 4096
  /// Requests of verified nodes that are read and processed at once; more are told to come again.
  public var concurrentRequests = 6
  /// Those of one node among them: a node asks one thing at a time, and again when its line broke. Without this one
  /// member that lets its requests drip keeps all others out.
  public var concurrentRequestsPerNode = 2
  /// The same for requests whose sender is not verified before the body is read: joining and unknown nodes. Counted
  /// apart, so that strangers cannot keep members out.
  public var concurrentStrangers = 4
  /// Those of one address among them. Not for callers on this machine.
  public var concurrentStrangersPerAddress = 2
  /// From the head of a request to the end of its body, however steadily it drips.
  public var bodyTime: Duration = .seconds(120)
  /// From the head of a request to the end of its answer.
  public var requestTime: Duration = .seconds(300)
  /// From the beginning of a connection to the end of its TLS handshake.
  public var handshakeTime: Duration = .seconds(10)
  /// Without a complete head, or between requests.
  public var idleTime: Duration = .seconds(30)
  /// How long, and how many bytes, a client may still send after an answer that came before the end of its request.
  /// Without this it would see a reset connection in place of the answer.
  public var lingerTime: Duration = .seconds(2)
  public var lingerBytes = 1 << 20
  /// Seconds by which a request's time may differ from ours.
  public var clockToleranceSeconds = WireLimits.clockToleranceSeconds
  /// Told to those who come when the server is busy.
  public var retryAfterSeconds = 5

  public init() {}
}

/// How many requests one asker may make.
public struct RequestRate: Equatable, Sendable {
  /// At once, after a time of quiet.
  public var burst: Double
  /// In the long run.
  public var perMinute: Double

  public init(burst: Double, perMinute: Double) {
    self.burst = burst
    self.perMinute = perMinute
  }
}

/// What one transfer may take. Beyond any of these it is stopped.
public struct TransferLimits: Equatable, Sendable {
  /// Bytes of the answer's body.
  public var responseBytes = WireLimits.messageBytes
  /// Bytes of the answer's headers, all together.
  public var headerBytes = 32 << 10
  /// Until the connection stands.
  public var connectTime: Duration = .seconds(15)
  /// From the beginning to the last byte.
  public var totalTime: Duration = .seconds(300)
  /// The transfer is given up when fewer bytes per second than this move for `slowSeconds`. The time in which the
  /// server thinks counts as slow.
  public var slowBytesPerSecond = 50
  public var slowSeconds = 60

  public init() {}
}

/// What headquarters' members may make a database keep for them.
public enum StoreLimits {
  /// Segments that may wait for one that they build on, and their bytes: whoever never sends that one fills no disk.
  public static let waitingSegments = 4096
  public static let waitingBytes = 512 << 20
  /// Those of one node among them, so that no member takes the others' room.
  public static let waitingSegmentsPerNode = 2048
  public static let waitingBytesPerNode = 64 << 20
  /// Edits of one node that may wait for headquarters' decision: one statement typed by a clerk can edit all of others'
  /// records. A node keeps the rest as refused ones, and says so.
  public static let openProposalsPerNode = 4096
  /// Bytes of text of one record, all its fields together.
  public static let recordBytes = 256 << 10
  /// Captured edits that one pass of sealing reads into memory; and one whose transaction is to be short, so that sending
  /// can begin while the rest is sealed.
  public static let editsPerSealPass = 1 << 20
  public static let editsPerShortSealPass = 32_768
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
  /// Databases beside the main one: one at most, in which the log is folded again.
  public static let attached: Int32 = 1
  public static let patternBytes: Int32 = 4096
  public static let variables: Int32 = 1000
  /// How deep a clerk's triggers may call each other.
  public static let triggerDepth: Int32 = 50
  public static let workerThreads: Int32 = 0
}

/// What people's files of a catalog may hold.
public enum CatalogFileLimits {
  /// Bytes of one file. A catalog is written by people; the shipped files are a tenth of this.
  public static let fileBytes = 1 << 20
  /// Files of a folder.
  public static let files = 256
  /// Bytes of one line: bounds how deeply it can nest before it is refused.
  public static let lineBytes = 4096
  /// Parts of a dotted key.
  public static let keyParts = 12
  /// How deep arrays and tables may nest.
  public static let nesting = 24
  /// Findings that are told of one catalog: nobody reads more, and a file of rubbish could make very many.
  public static let findings = 500
}
