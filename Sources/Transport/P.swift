import CCurl
enum Placeholder {}
