import TOMLKit
enum Placeholder {}
