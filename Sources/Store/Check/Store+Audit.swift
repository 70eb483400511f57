import SyncCore
import Wire

extension Store {
  /// How much of the log is read in one go: clerks cannot write meanwhile.
  private static let auditSegments = 2048
  private static let auditBytes = 16 << 20

  /// Proves that nothing was altered, dropped or reordered since it was sealed: every stream's chain and signatures from
  /// the first segment to its end, every card, and headquarters' receipts against the own log.
  ///
  /// Changes nothing. What rows and heads show is not looked at: that is what `verify` is for.
  ///
  /// - Parameter progress: called with the number of changes checked so far.
  public func audit(progress: (Int64) -> Void = { _ in }) throws -> AuditReport {
    let (cards, forged) = try withFile { try Self.auditedCards($0) }
    var pass = AuditPass(cards: cards, isHeadquarters: identity.role.isHeadquarters) { [self] hash in
      try withFile { try $0.log.holds(hash) }
    }
    for node in forged {
      pass.add(
        pass.finding(.forged, nil, nil, nil, "the card of the node \(node) is not one that headquarters signed"))
    }
    var last: Int64 = -1
    while true {
      let (segments, streams) = try withFile { try Self.auditBatch($0, after: last) }
      for segment in segments {
        try pass.check(segment)
        last = segment.number
      }
      progress(pass.result.changes)
      // Read in the same transaction that showed the end of the log.
      if let streams {
        pass.compare(streams)
        break
      }
    }
    try auditReceipts(&pass, cards: cards.count)
    return pass.result
  }

  /// The cards that headquarters signed, and the ids in the rows whose cards it did not.
  private static func auditedCards(_ file: StoreFile) throws -> (cards: [NodeID: NodeCard], forged: [String]) {
    var cards: [NodeID: NodeCard] = [:]
    var forged: [String] = []
    for row in try file.directory.storedCards() {
      // Whatever is wrong with a card is one finding.
      if let card = try? NodeCard(bytes: row.card, signedBy: file.identity.headquarters), card.id.bytes == row.node {
        cards[card.id] = card
      } else {
        forged.append(Hex.string(row.node.prefix(NodeID.byteCount)))
      }
    }
    return (cards, forged)
  }

  /// The next run of the log; at its end, in the same transaction, the streams as well.
  private static func auditBatch(
    _ file: StoreFile, after number: Int64
  ) throws -> (segments: [LoggedSegment], streams: [LocalStream]?) {
    // Not `StoreFile.read`, which begins with reading every card and stream: what is wrong in one is the audit's to find.
    try file.connection.execute("BEGIN")
    defer { try? file.connection.execute("COMMIT") }
    var segments: [LoggedSegment] = []
    var size = 0
    let isAtEnd = try file.log.eachSegment(after: number) { segment in
      size += segment.bytes.count
      segments.append(segment)
      return segments.count < auditSegments && size < auditBytes
    }
    guard isAtEnd else { return (segments, nil) }
    try file.directory.loadChannels()
    return (segments, try file.log.storedStreams())
  }

  private func auditReceipts(_ pass: inout AuditPass, cards: Int) throws {
    let (kept, own) = try withFile { file in
      file.directory.loadOwnNodes(formerNodes: try file.meta.text(.formerNodes) ?? "")
      return (try file.directory.storedReceipts(), file.directory.ownNodes)
    }
    var latest: Int64?
    var reported: Set<Tip> = []
    for bytes in kept {
      guard let receipt = try? Receipt(bytes: bytes, signedBy: identity.headquarters),
        own.contains(receipt.node)
      else {
        pass.add(
          pass.finding(.forged, nil, nil, nil, "a receipt that is kept here is not one that headquarters signed"))
        continue
      }
      latest = max(latest ?? .min, receipt.at)
      for entry in receipt.tips where pass.position(of: entry.tip) == nil && reported.insert(entry.tip).inserted {
        let number = entry.tip.sequence
        pass.add(
          pass.finding(
            .receipt, entry.channel, entry.tip.origin, number...number,
            "headquarters signed that it holds this change, and this log does not hold it as it was sent",
            hint: "run `birlik sync`, which brings back what a restored database lost, and audit again"))
      }
    }
    pass.setCounts(cards: cards, receipts: kept.count, lastReceiptAt: latest)
  }

  // MARK: Comparing

  /// What this node can show another: what it holds of the open channels, and what headquarters signed for it.
  public func evidence() throws -> Evidence {
    try read { transaction in
      let receipts = try transaction.directory.storedReceipts().compactMap { bytes in
        try? Receipt(bytes: bytes, signedBy: identity.headquarters)
      }.filter { $0.node == identity.node }
      return Evidence(
        card: identity.card, open: try Unsendable(transaction).frontier { $0.audience == .open }, receipts: receipts)
    }
  }

  /// Compares what headquarters told another node with what it told this one.
  ///
  /// - Throws: `StoreError`, or `WireError` for bytes that are not evidence under the signature of this headquarters.
  public func compare(evidence bytes: [UInt8]) throws -> AuditComparison {
    let theirs = try Evidence(bytes: bytes, signedBy: identity.headquarters)
    let mine = try evidence()
    var comparison = AuditComparison(outcome: .consistent, node: theirs.card.name)
    guard !identity.role.isHeadquarters else {
      let signed = theirs.receipts.flatMap(\.tips) + (theirs.binding == nil ? [] : theirs.open)
      comparison.findings = try lacking(signed).map { entry in
        try broken(
          .receipt, entry, "this headquarters signed for \(theirs.card.name) that it holds this change, and does not")
      }
      if !comparison.findings.isEmpty { comparison.outcome = .split }
      return comparison
    }
    guard let signed = theirs.binding else {
      comparison.outcome = .inconclusive
      comparison.reason =
        "\(theirs.card.name) held something else than headquarters last signed: sync there, then export"
      return comparison
    }
    if Digest(of: mine.open) == Digest(of: theirs.open) {
      comparison.outcome = .same
      return comparison
    }
    let lacking = try lacking(theirs.open)
    guard !lacking.isEmpty else { return comparison }
    // What was told there earlier has to have been told here by now.
    guard let own = mine.binding, own.at >= signed.at else {
      comparison.outcome = .inconclusive
      comparison.reason = "\(theirs.card.name) got more, and later: run `birlik sync` here, then compare again"
      return comparison
    }
    comparison.outcome = .split
    comparison.findings = try lacking.map { entry in
      try broken(
        .split, entry,
        "headquarters signed for \(theirs.card.name) that it holds this change, and later for this node that it does not"
      )
    }
    return comparison
  }

  private func lacking(_ entries: [FrontierEntry]) throws -> [FrontierEntry] {
    let unique = Set(entries).sorted()
    let held = try read { transaction in try unique.map { try transaction.log.holds($0.tip.hash) } }
    return zip(unique, held).filter { !$1 }.map(\.0)
  }

  private func broken(_ code: AuditFinding.Code, _ entry: FrontierEntry, _ detail: String) throws -> AuditFinding {
    AuditFinding(
      code: code, channel: entry.channel, node: try read { $0.directory.name(of: entry.tip.origin.node) },
      origin: entry.tip.origin, first: entry.tip.sequence, last: entry.tip.sequence, detail: detail,
      hint: "keep both files: the two signatures of headquarters prove it")
  }
}
