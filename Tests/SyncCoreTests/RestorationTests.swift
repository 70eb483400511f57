import SyncCore
import Testing

@Suite struct RestorationTests {
  @Test("A peer that shows the own origin, and only that, shows a restoration")
  func isShown() {
    let channel = Channel(owner: "ftuu", audience: .home)
    let own = origin(1, nonce: 4)
    func entry(_ origin: Origin) -> FrontierEntry {
      FrontierEntry(channel: channel, tip: Tip(origin: origin, sequence: 3, hash: Digest(1, 2, 3, 4)))
    }
    #expect(Restoration.isShown(by: [entry(origin(2)), entry(own)], to: own))
    #expect(!Restoration.isShown(by: [entry(origin(1, nonce: 5)), entry(origin(2))], to: own))
    #expect(!Restoration.isShown(by: [], to: own))
    #expect(Restoration.isShown(by: header(own, channel), to: own))
    #expect(!Restoration.isShown(by: header(origin(2, nonce: 4), channel), to: own))
  }

  @Test("A database is older than its state file when it sealed less or under another nonce, not when it is ahead")
  func marks() {
    let mark = SealMark(origins: 2, seals: 10, nonce: 5)
    #expect(!mark.isAhead(of: mark))
    #expect(mark.isAhead(of: SealMark(origins: 2, seals: 9, nonce: 5)))
    #expect(!mark.isAhead(of: SealMark(origins: 2, seals: 11, nonce: 5)))
    #expect(mark.isAhead(of: SealMark(origins: 2, seals: 11, nonce: 6)))
    #expect(mark.isAhead(of: SealMark(origins: 1, seals: 20, nonce: 4)))
    #expect(!mark.isAhead(of: SealMark(origins: 3, seals: 10, nonce: 6)))
  }
}
