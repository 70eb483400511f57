import Foundation
import Testing
import Width

/// The number of tests that run at once is set before they begin, however they are started.
@Suite struct WidthTests {
  @Test("A few tests go on at once, not all of them")
  func width() {
    let width = ProcessInfo.processInfo.environment[BIRLIK_TEST_WIDTH_VARIABLE].flatMap { Int($0) }
    #expect(width.map { $0 > 0 } == true)
  }
}
