package io.fourierft.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * A job whose results reach the driver partition by partition, as they are ready: what has arrived
 * is safe though the driver die later. Of a partition that was computed twice one result arrives.
 */
final class StreamedResults {
  private StreamedResults() {}

  /**
   * Runs a job.
   *
   * @param work turns a partition into results; runs on the executors
   * @param arrived takes each result, in the calling thread; what it throws ends the job
   */
  static <T, R extends Serializable> void run(
      JavaSparkContext spark, JavaRDD<T> partitions, Work<T, R> work, Consumer<R> arrived) {
    BlockingQueue<ArrayList<R>> queue = new LinkedBlockingQueue<>();
    int count = partitions.getNumPartitions();
    List<Object> indexes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      indexes.add(i);
    }
    Seq<Object> all = CollectionConverters.asScala(indexes).toSeq();
    Function2<TaskContext, scala.collection.Iterator<T>, ArrayList<R>> onExecutor =
        (Function2<TaskContext, scala.collection.Iterator<T>, ArrayList<R>> & Serializable)
            (task, elements) -> work.run(task, CollectionConverters.asJava(elements));
    Function2<Object, ArrayList<R>, BoxedUnit> onDriver =
        (index, results) -> {
          queue.add(results);
          return BoxedUnit.UNIT;
        };
    String group = "fourierft-" + java.util.UUID.randomUUID();
    RuntimeException[] failure = new RuntimeException[1];
    ArrayList<R> end = new ArrayList<>();
    Thread running =
        Thread.ofPlatform()
            .daemon()
            .name("fourierft-spark-job")
            .start(
                () -> {
                  try {
                    spark.setJobGroup(group, "fourierft", true);
                    spark
                        .sc()
                        .runJob(
                            partitions.rdd(),
                            onExecutor,
                            all,
                            onDriver,
                            ClassTag$.MODULE$.apply(ArrayList.class));
                  } catch (RuntimeException e) {
                    failure[0] = e;
                  } catch (Throwable e) {
                    failure[0] = new SparkJobException(String.valueOf(e.getMessage()), e);
                  } finally {
                    queue.add(end);
                  }
                });
    try {
      while (true) {
        ArrayList<R> results = queue.take();
        if (results == end) {
          break;
        }
        results.forEach(arrived);
      }
      running.join();
    } catch (InterruptedException e) {
      spark.cancelJobGroup(group);
      Thread.currentThread().interrupt();
      throw new SparkJobException("the job was interrupted", e);
    } catch (RuntimeException | Error e) {
      spark.cancelJobGroup(group);
      throw e;
    }
    if (failure[0] != null) {
      throw new SparkJobException(reason(failure[0]), failure[0]);
    }
  }

  /** The words of the task that failed, if it was ours, without Spark's around them. */
  static String reason(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    int own = message.indexOf(SparkJobException.class.getName() + ": ");
    if (own < 0) {
      return message;
    }
    String words = message.substring(own + SparkJobException.class.getName().length() + 2);
    int end = words.indexOf('\n');
    return end < 0 ? words : words.substring(0, end);
  }

  /** What an executor does with a partition. */
  @FunctionalInterface
  interface Work<T, R extends Serializable> extends Serializable {
    ArrayList<R> run(TaskContext task, Iterator<T> elements);
  }
}
