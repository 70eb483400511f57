/// What went wrong around a test.
public struct TestProblem: Error, CustomStringConvertible {
  /// What happened, in words.
  public var description: String

  public init(_ description: String) { self.description = description }
}
