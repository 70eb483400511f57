import Foundation
import Server
import TestSupport
import Testing

@testable import Node
@testable import Store

/// Disks that are full, here and at headquarters: each is told as what it is.
@Suite(.timeLimit(.minutes(20))) struct DiskFullTests {
  /// Leaves a file a few pages to grow, as on a disk that is nearly full.
  private func fill(_ store: Store, pages: Int64 = 4) throws {
    try store.withFile { file in
      let count = try file.connection.pragma("page_count")
      try file.connection.execute("PRAGMA max_page_count=\(count + pages)")
    }
  }

  private func empty(_ store: Store) throws {
    try store.withFile { try $0.connection.execute("PRAGMA max_page_count=1000000") }
  }

  @Test("Members hear that the disk of headquarters is full, and send everything later")
  func headquarters() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try await house.serve {
      #expect(try await uz.sync().outcome == .even)
      for number in 0..<300 { try uz.name("ftuu-\(number)", String(repeating: "n", count: 300)) }
      try fill(house.headquarters.store)
      let error = try await #require(throws: NodeError.self) { _ = try await uz.sync() }
      #expect(error.code == .full)
      #expect(error.detail.contains("disk of headquarters is full") && !error.detail.contains("busy"))
      #expect(error.hint.contains("nothing was lost"))
      #expect(try uz.store.status().lastSync?.error?.contains("disk of headquarters is full") == true)
      try empty(house.headquarters.store)
      #expect(try await uz.sync().outcome == .even)
      #expect(try uz.isSame(as: house.headquarters))
    }
  }

  @Test("The answer of a headquarters with a full disk has a code of its own and a status that older nodes understand")
  func answer() {
    #expect(ServiceAnswer.diskFull.status == 503)
    #expect(String(decoding: ServiceAnswer.diskFull.body, as: UTF8.self).contains("\"\(ServiceAnswer.diskFullCode)\""))
  }
}
