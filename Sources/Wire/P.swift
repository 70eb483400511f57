import Crypto
import CZstd
enum Placeholder {}
