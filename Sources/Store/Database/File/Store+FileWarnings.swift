extension Store {
  /// What other programs did to the file that people should know, as it is now: sentences
  /// without their stops.
  public func fileWarnings() throws -> [String] { try withFile { try $0.warnings() } }
}
