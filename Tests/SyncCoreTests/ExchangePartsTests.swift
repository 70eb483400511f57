import SyncCore
import Testing

/// Which parts an answer has.
@Suite struct ExchangePartsTests {
  private func parts(isSame: Bool, showsFrontier: Bool, catalogs: (Int, Int) = (1, 1)) -> ExchangeParts {
    ExchangeParts(
      mine: Digest(1, 1, 1, 1), theirs: isSame ? Digest(1, 1, 1, 1) : Digest(2, 2, 2, 2),
      peerShowsFrontier: showsFrontier, catalogVersion: catalogs.0, peerCatalogVersion: catalogs.1)
  }

  @Test("Two that hold the same exchange no more than a digest")
  func same() {
    let parts = parts(isSame: true, showsFrontier: true)
    #expect(!parts.showsFrontier && !parts.fillsBatch && !parts.offersCatalog)
    #expect(parts.lag(lacking: nil) == 0)
  }

  @Test("A greeting that differs is shown the frontier; what it lacks is not known yet")
  func greeting() {
    let parts = parts(isSame: false, showsFrontier: false)
    #expect(parts.showsFrontier && !parts.fillsBatch)
    #expect(parts.lag(lacking: nil) == nil)
  }

  @Test("Whoever shows a frontier gets marks and what it lacks")
  func batch() {
    let parts = parts(isSame: false, showsFrontier: true)
    #expect(parts.showsFrontier && parts.fillsBatch)
    #expect(parts.lag(lacking: 7) == 7)
  }

  @Test("A later catalog is offered, an earlier one never")
  func catalog() {
    #expect(parts(isSame: true, showsFrontier: false, catalogs: (3, 2)).offersCatalog)
    #expect(!parts(isSame: true, showsFrontier: false, catalogs: (2, 2)).offersCatalog)
    #expect(!parts(isSame: true, showsFrontier: false, catalogs: (2, 3)).offersCatalog)
  }

  @Test("A receipt goes with segments of either direction")
  func receipt() {
    let parts = parts(isSame: false, showsFrontier: true)
    #expect(!parts.issuesReceipt(absorbing: 0, sending: 0))
    #expect(parts.issuesReceipt(absorbing: 1, sending: 0))
    #expect(parts.issuesReceipt(absorbing: 0, sending: 1))
  }
}
