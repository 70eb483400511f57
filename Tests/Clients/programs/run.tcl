# tclsh run.tcl DATABASE SCRIPT: runs each statement of the script with its parameters bound.
package require sqlite3
lassign $argv database script
sqlite3 db $database
set lines [open $script]
fconfigure $lines -encoding utf-8
while {[gets $lines line] >= 0} {
  set index 0
  set parameters [lassign [split $line \t] sql]
  foreach parameter $parameters {
    incr index
    unset -nocomplain p$index
    set value [string range $parameter 1 end]
    switch [string index $parameter 0] {
      n { }
      i { set p$index [expr {wide($value)}] }
      default { set p$index $value }
    }
    # An unset variable is bound as NULL.
    regsub {\?} $sql "\$p$index" sql
  }
  db eval $sql
}
db close
