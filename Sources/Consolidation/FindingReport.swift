/// The findings of all checks: how many there are of each sort, and the first ones of each.
public struct FindingReport: Sendable, Equatable {
  /// How many findings of one sort are listed.
  public let listedPerCode: Int
  public private(set) var counts: [Finding.Code: Int] = [:]
  private var lists: [Finding.Code: [Finding]] = [:]

  public init(listedPerCode: Int) { self.listedPerCode = listedPerCode }

  /// Counts a finding, and lists it while there is room.
  public mutating func add(_ finding: @autoclosure () -> Finding, code: Finding.Code) {
    count(1, of: code)
    if lists[code, default: []].count < listedPerCode { lists[code, default: []].append(finding()) }
  }

  public mutating func add(_ finding: Finding) { add(finding, code: finding.code) }

  /// Counts findings that are not listed.
  public mutating func count(_ number: Int, of code: Finding.Code) {
    guard number > 0 else { return }
    let (sum, overflow) = counts[code, default: 0].addingReportingOverflow(number)
    counts[code] = overflow ? Int.max : sum
  }

  /// Whether a further finding would be counted only.
  public func isFull(_ code: Finding.Code) -> Bool { lists[code, default: []].count >= listedPerCode }

  /// How many findings there are.
  public var count: Int { counts.values.reduce(0) { $0.addingReportingOverflow($1).overflow ? Int.max : $0 + $1 } }

  /// The sorts that were found, in order.
  public var codes: [Finding.Code] { Finding.Code.allCases.filter { counts[$0] != nil } }

  /// Those that are listed, in the order in which they were found.
  public func listed(_ code: Finding.Code) -> [Finding] { lists[code, default: []] }
}
