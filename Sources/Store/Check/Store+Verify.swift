import Crypto
import Foundation
import GRDB
import SyncCore
import Wire

extension Store {
  /// How many differences of each sort are reported.
  private static let reportedDifferences = 5

  /// Folds the whole log again, in a database of its own, and compares rows, heads, conflicts and totals. Every segment's
  /// chain and signature are checked on the way. What is captured is sealed first.
  ///
  /// - Parameter progress: called with the number of changes folded so far.
  public func verify(progress: (Int) -> Void = { _ in }) throws -> VerifyReport {
    try seal()
    try mendKeys()
    try refreshTotals()
    let operation = "folding the log again"
    let folder = try ScratchFolder("verify", operation)
    defer { folder.remove() }
    let path = folder.file("fold.db")
    var report = VerifyReport()
    try folder.use(operation) { try refold(at: path, into: &report, progress) }
    try withFile { file in
      let attach = try file.connection.prepared("ATTACH ?1 AS fold")
      attach.bind(1, text: path)
      try attach.step()
      defer {
        file.connection.forgetStatements()
        try? file.connection.execute("DETACH fold")
      }
      // The last day holds every step that there is.
      let dates = [CalendarDay(millisecondsSince1970: SystemClock.now()).iso, "9999-12-31"]
      try file.readSealed {
        try FoldComparison($0, most: Self.reportedDifferences).run(into: &report)
        try TotalsProof($0).run(at: dates, into: &report, most: Self.reportedDifferences)
      }
    }
    try read { transaction in
      report.digests = try ChannelDigests(transaction).all()
      report.records = try transaction.heads.count()
    }
    var all = SHA256()
    for (channel, digest) in report.digests.sorted(by: { $0.key < $1.key }) {
      all.update(data: Array("\(channel) \(digest)\n".utf8))
    }
    report.digest = Hex.string(Array(all.finalize()))
    return report
  }

  /// The hash of all heads of each channel.
  public func channelDigests() throws -> [Channel: String] { try read { try ChannelDigests($0).all() } }

  private func refold(at path: String, into report: inout VerifyReport, _ progress: (Int) -> Void) throws {
    guard let headquartersCard = try headquartersCard() else {
      return report.problems.append("the card of headquarters is missing")
    }
    let beginning = Beginning(
      identity: identity, headquartersCard: headquartersCard, catalog: try publishedCatalog(), upstream: nil, offset: 0)
    try Store.create(path: path, beginning)
    let fold = try Store(path: path, key: Result { try identity.key })
    defer { try? fold.close() }
    try fold.withFile { file in
      try file.connection.execute("PRAGMA synchronous=OFF")
      // Its totals have to be counted, whoever verifies.
      if identity.keyProblem != nil { file.trialKey = Curve25519.Signing.PrivateKey() }
    }
    let passing = try VerifyPass(self, fold)
    try passing.run(into: &report, most: Self.reportedDifferences, progress)
    try fold.refreshTotals()
  }
}
