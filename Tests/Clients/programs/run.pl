# perl run.pl DATABASE SCRIPT: runs each statement of the script with its parameters bound, by DBD::SQLite.
use strict;
use warnings;
use DBI;
use Encode qw(decode);

my ($database, $script) = @ARGV;
my $db = DBI->connect("dbi:SQLite:dbname=$database", "", "", { RaiseError => 1, PrintError => 0, sqlite_unicode => 1 });
open my $lines, "<:encoding(UTF-8)", $script or die $!;
while (my $line = <$lines>) {
  chomp $line;
  my ($sql, @parameters) = split /\t/, $line;
  my $statement = $db->prepare($sql);
  my $index = 0;
  for my $parameter (@parameters) {
    my $value = substr($parameter, 1);
    $index++;
    if ($parameter =~ /^n/) { $statement->bind_param($index, undef) }
    elsif ($parameter =~ /^i/) { $statement->bind_param($index, $value, { TYPE => DBI::SQL_INTEGER() }) }
    else { $statement->bind_param($index, $value, { TYPE => DBI::SQL_VARCHAR() }) }
  }
  $statement->execute;
}
