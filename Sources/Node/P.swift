import SwiftCSV
enum Placeholder {}
